/* What every program of a build with BASIN_ASAN begins with, so that it may be run by hand as the tests run it. Environment
 * variables (ASAN_OPTIONS, ...) go before these. Each line that keeps a sanitizer quiet says why. */

const char* __asan_default_options(void);
const char* __asan_default_options(void) {
  return
      /* LibTorch's containers are not instrumented: a vector that it fills and we read looks overrun. */
      "detect_container_overflow=0:"
      /* The same header-only code stands in many files that are loaded side by side: that is how plugins are. */
      "detect_odr_violation=0:"
      /* Thread-local variables of loaded files: LeakSanitizer follows glibc's bookkeeping of them into unmapped memory and
       * gives up ("has encountered a fatal error") where another thread is alive at the end. */
      "intercept_tls_get_addr=0:"
      /* The tests give allocations that are refused, and want our sentence. */
      "allocator_may_return_null=1";
}

const char* __ubsan_default_options(void);
const char* __ubsan_default_options(void) { return "halt_on_error=1:print_stacktrace=1"; }

const char* __lsan_default_options(void);
const char* __lsan_default_options(void) { return "print_suppressions=0"; }

const char* __lsan_default_suppressions(void);
const char* __lsan_default_suppressions(void) {
  return
      /* Plugins kept as files, of an SDK that forgot what a component describes once for each time it was loaded. */
      "leak:kept_gcc.basin.so\nleak:kept_libcxx.basin.so\n"
      /* libedit's: its history keeps the last line when the prompt ends. Nothing of Basin's calls wcsdup. */
      "leak:wcsdup\n";
}
