module bench/adapter

go 1.21
