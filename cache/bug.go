package cache

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// survive turns a panic of a load, which runs in a goroutine of its own and
// would end the program, into its error. It is to be deferred.
func survive(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("a bug in rtfs, at %s: %v", panickedAt(), r)
	}
}

// panickedAt is where the panic that is being recovered began.
func panickedAt() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for began := false; ; {
		f, more := frames.Next()
		if began && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line)
		}
		began = began || f.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}
