package main

import "torpor/gvisor"

func main() {
	gvisor.RunChildRole()
}
