package appliance

// CgroupParent is for tests that look for what a node left behind.
func CgroupParent(runtimeDir string) string { return nodeName(runtimeDir) }
