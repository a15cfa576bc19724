// When a signal ends the process inside a plugin, the last line on standard error and in the run's log says whose code
// it was: "basin: signal SIGSEGV (...) in optimizer 'adam' (plugin adam 0.1.0), called by optimizer 'sam' (plugin sam
// 0.1.0), in code of adam.basin.so". A plugin that calls exit() is named likewise.
#pragma once

namespace basin {

// Who is called on this thread until the end of the scope; inside another one, by whom. `who` lives as long as the
// scope.
class AtWork {
 public:
  explicit AtWork(const char* who) : who_(who), caller_(current_) { current_ = this; }
  ~AtWork() { current_ = caller_; }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  static thread_local const AtWork* current_;  // read by the signal's handler
  const char* who_;
  const AtWork* caller_;
  friend struct Crash;
};

// Installs the handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT; once, on the main thread. They write the line
// and let the signal end the process as it would have.
void watch_crashes();

// The line also goes to this file (at most 16 of them, the rest is left out), until it is forgotten. [any thread]
void add_crash_log(int fd);
void forget_crash_log(int fd);

// The code of a loaded plugin, found by an address in it, goes by `name`: threads of the host's that run a plugin's
// code are not at work for anyone. [run thread]
void add_crash_code(const void* address, const char* name);

// What to say of the address that a SIGSEGV or SIGBUS was about; null for nothing. It is called by the handler.
void set_crash_explainer(const char* (*explain)(const void* address));

}  // namespace basin
