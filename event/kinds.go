package event

// The kinds of events. An ID stays with its kind for good, as people's filters and
// the message catalog know it; what a kind's events tell may become more, not less.
var (
	// Of the node.

	// DaemonStarted: the daemon runs and looks for what earlier ones left.
	DaemonStarted = declare("daemon-started", "a1254b372d674d0dbba2ea8579b81c57", "", "CONFIG", "DATA", "RUNTIME")
	// DaemonReady: it listens on all that is declared.
	DaemonReady = declare("daemon-ready", "7d16b53956e54ce58acd8666ab669b61", "", "FUNCTIONS")
	// DaemonStopping: it sees its clients off.
	DaemonStopping = declare("daemon-stopping", "8951724aefaa4372ad2c34f2e554b5d1", "")
	// ConfigInForce: a changed configuration was taken over.
	ConfigInForce = declare("config-in-force", "bdc14726a6a743d7ad5b7c3d98229e39", "", "FUNCTIONS", "MEMORY_BUDGET_BYTES")
	// ConfigBroken: one mistake in it, and the last good one stays.
	ConfigBroken = declare("config-broken", "44deca72bdf3415aa70b881db7a12ef2", "", "FILE", "LINE", "PROBLEM", "DETAIL")
	// ConfigGood: the mistakes are gone.
	ConfigGood = declare("config-good", "52efd599d5f24ae883568ceffbd1353c", "")
	// SwapReady: functions can sleep.
	SwapReady = declare("swap-ready", "3a3bc11f3cd042f2a40729e27a802034", "", "PATH", "SIZE_BYTES")
	// SwapFailed: the swap file could not be made or resized.
	SwapFailed = declare("swap-failed", "e5f4f76910754c7ebd31085d1a47cf0f", "", "ERROR")
	// SwapFull: a function fell asleep but stayed in memory.
	SwapFull = declare("swap-full", "2aca6c87ced0404a9ba6137d12aebd22", "", "FUNCTION", "BYTES")
	// Pressure: the machine is short of memory before the budget is used up.
	Pressure = declare("pressure", "55ee5bc368314b4aa5b98efb623042ac", "", "WAITED")
	// ConnectionsCut: the daemon stopped before all requests were served.
	ConnectionsCut = declare("connections-cut", "70c92d553dd747419afa23208df67231", "", "ERROR")
	// LeftoverRemoved: a sandbox that belongs to no function was removed.
	LeftoverRemoved = declare("leftover-removed", "c226a4dd1e9f46e2bf36dc0cf1a0ef64", "", "CGROUP")

	// Of a function.

	// Declared: it is new in the configuration.
	Declared = declare("declared", "6e1a61383d2041ecb4b9f9bb4f6d7a07", "cold", "FUNCTION")
	// Starting: a sandbox is being made for it.
	Starting = declare("starting", "14d39374e30949a1bf96a7fea7954602", "starting", "FUNCTION", "REASON")
	// Warm: it is ready, after a cold start.
	Warm = declare("warm", "ec75458008ca4f82a02a964e7b89a8a3", "warm", "FUNCTION", "MS")
	// StartFailed: it did not become ready.
	StartFailed = declare("start-failed", "aecf7c19a22846be98d38c3975796d8d", "failed", "FUNCTION", "ERROR", "RETRY_MS")
	// Asleep: it is frozen and its memory is in swap.
	Asleep = declare("asleep", "6c133881e357436eb3a472d8266ac05d", "hibernated", "FUNCTION", "REASON", "WAS_BYTES", "BYTES", "SWAPPED_BYTES", "WRITTEN_BYTES", "MS")
	// TurnedRound: a byte came while it went to sleep.
	TurnedRound = declare("turned-round", "09a2112b921148e0851468a4bb8e335e", "", "FUNCTION", "MS")
	// CannotSleep: putting it to sleep failed, it goes on.
	CannotSleep = declare("cannot-sleep", "b99af4eb4a9a4a9b860a90e0201c181a", "", "FUNCTION", "ERROR")
	// Woken: it runs again.
	Woken = declare("woken", "ca1a6abc03b1421299706439001f24ba", "woken", "FUNCTION", "REASON", "MS")
	// FirstReply: where the time of a wake went; first_byte too, if a request waited.
	FirstReply = declare("first-reply", "2a052c003253445f94bc97ee33c21831", "", "FUNCTION", "REASON", "HELD_MS", "THAWED_MS", "PREFETCHED_MS", "PREFETCH_BYTES", "SWAPPED_IN_BYTES", "MS")
	// CannotWake: thawing it failed, its sandbox is ended.
	CannotWake = declare("cannot-wake", "c8ee08a52d5149af9715294d9462794f", "", "FUNCTION", "ERROR")
	// Ended: its program ended by itself.
	Ended = declare("ended", "8c3a5c5589c649fa8c6684eafda703c7", "", "FUNCTION", "STATE", "REASON")
	// OutOfMemory: the kernel killed it at its memory limit.
	OutOfMemory = declare("out-of-memory", "43d69014c47f467b9b9d58023b23836c", "", "FUNCTION", "STATE", "REASON")
	// Stopping: its sandbox is being ended.
	Stopping = declare("stopping", "9a225765f32e45abb3f06e73052a5f3c", "stopping", "FUNCTION", "REASON")
	// Evicted: it slept, and is being stopped as swap is full.
	Evicted = declare("evicted", "e6821e7024f912f20307252cf9ca991e", "stopping", "FUNCTION", "REASON", "SWAPPED_BYTES")
	// Cold: its sandbox is gone.
	Cold = declare("cold", "c87c321312a54fad85c94ea88ed9e8ab", "cold", "FUNCTION")
	// Removed: it is no longer declared.
	Removed = declare("removed", "3c13df77dac84d92a8201f1f216a2143", "", "FUNCTION")
	// Replacing: a sandbox from the new declaration starts beside the old one.
	Replacing = declare("replacing", "f32d6399e25a4cbc89bf9fb284dd1321", "", "FUNCTION", "REASON")
	// Replaced: the new sandbox serves.
	Replaced = declare("replaced", "7f7a7e0b895641f392ffd9c74e3c1e44", "warm", "FUNCTION", "MS")
	// ReplaceFailed: the new sandbox did not become ready, the old one goes on.
	ReplaceFailed = declare("replace-failed", "3aadd64c655b499daf540ae7f5c94b06", "", "FUNCTION", "ERROR", "RETRY_MS")
	// Adopted: it outlived an earlier daemon.
	Adopted = declare("adopted", "fa269a2b0d5c490ab6cf630e8f298d21", "", "FUNCTION", "STATE", "PID")
	// Refused: what a person asked for cannot be done now.
	Refused = declare("refused", "debadbee4894472a83151820c712143d", "", "FUNCTION", "VERB", "REASON")
	// Dismissed: a client was sent away without an answer.
	Dismissed = declare("dismissed", "8fc8befc20e2452f9f8799fbc445067b", "", "FUNCTION", "PORT")
	// ListenFailed: one of its addresses cannot be had.
	ListenFailed = declare("listen-failed", "b78fae8226c04f1dbdc8604f307c0bf8", "", "FUNCTION", "ERROR")
)
