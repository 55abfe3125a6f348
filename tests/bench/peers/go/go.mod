module bench/adapter

go 1.25
