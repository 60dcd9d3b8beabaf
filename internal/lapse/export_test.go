package lapse

// Resting tells whether the timer of w does not run.
func Resting(w *Watch) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.due.IsZero()
}
