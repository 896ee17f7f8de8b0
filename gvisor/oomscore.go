package gvisor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

const oomScorePath = "/proc/self/oom_score_adj"

// ordinaryOOMScore gives up what protects the daemon from being killed when
// memory is short, for this process and all that it starts: functions are to be
// killed first. It is left as it is where it is no protection.
func ordinaryOOMScore() error {
	text, err := os.ReadFile(oomScorePath)
	if err != nil {
		return fmt.Errorf("gvisor: reading OOM score: %w", err)
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || score >= 0 {
		return err
	}
	if err := os.WriteFile(oomScorePath, []byte("0"), 0); err != nil {
		return fmt.Errorf("gvisor: setting OOM score: %w", err)
	}
	return nil
}
