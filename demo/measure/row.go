package measure

// Row is the figures of one function: medians, memory as its cgroup counts it.
type Row struct {
	Name            string  `json:"name"`
	Isolation       string  `json:"isolation"`
	ColdMS          float64 `json:"cold_ms"`  // connect to first byte of the reply, cold
	WarmMS          float64 `json:"warm_ms"`  // the same, warm
	WakeMS          float64 `json:"wake_ms"`  // the same, asleep
	WokenMS         float64 `json:"woken_ms"` // the same, after a wake
	WarmBytes       int64   `json:"warm_bytes"`
	HibernatedBytes int64   `json:"hibernated_bytes"`
	WokenBytes      int64   `json:"woken_bytes"`
}

// Row gives the medians.
func (s *Samples) Row(name string) Row {
	return Row{
		Name:            name,
		Isolation:       s.isolation,
		ColdMS:          Milliseconds(Median(s.Cold)),
		WarmMS:          Milliseconds(Median(s.Warm)),
		WakeMS:          Milliseconds(Median(s.Wake)),
		WokenMS:         Milliseconds(Median(s.Woken)),
		WarmBytes:       s.warmBytes,
		HibernatedBytes: Median(s.hibernatedBytes),
		WokenBytes:      Median(s.wokenBytes),
	}
}
