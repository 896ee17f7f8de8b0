package main

func (g *guest) mountShares() error { return nil }
