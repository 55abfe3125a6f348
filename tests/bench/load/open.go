package main

func open(arguments []string) {}
