// The handler calls nothing that is not async-signal-safe: no allocation, no locks, no formatting.
#include "plugin/crash.hpp"

#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace basin {

thread_local const AtWork* AtWork::current_ = nullptr;

namespace {

struct Code {
  uintptr_t begin, end;
  char name[64];
};
std::array<Code, 256> codes;
std::atomic<size_t> n_codes{0};
std::array<std::atomic<int>, 16> logs{};  // fd + 1; 0: free
std::atomic<const char* (*)(const void*)> explainer{nullptr};

// A line of bounded length.
class Line {
 public:
  Line& operator<<(const char* text) {
    const size_t n = std::min(std::strlen(text), sizeof text_ - 2 - size_);
    std::memcpy(text_ + size_, text, n);
    size_ += n;
    return *this;
  }
  void write_to(int fd) {
    text_[size_] = '\n';
    for (size_t at = 0; at <= size_;) {
      const ssize_t n = ::write(fd, text_ + at, size_ + 1 - at);
      if (n <= 0) return;
      at += static_cast<size_t>(n);
    }
  }

 private:
  char text_[1024];
  size_t size_ = 0;
};

struct Signal {
  int number;
  const char* what;
};
constexpr Signal kSignals[] = {{SIGSEGV, "SIGSEGV (memory that is not there)"},
                               {SIGBUS, "SIGBUS (memory that cannot be reached)"},
                               {SIGILL, "SIGILL (no instruction)"},
                               {SIGFPE, "SIGFPE (an arithmetic error)"},
                               {SIGABRT, "SIGABRT (the program gave up)"}};

const char* name_of_code(uintptr_t at) {
  for (size_t i = 0; i < n_codes.load(std::memory_order_acquire); i++)
    if (at >= codes[i].begin && at < codes[i].end) return codes[i].name;
  return nullptr;
}

uintptr_t program_counter(const void* context) {
#if defined(__x86_64__)
  return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
#else
  return 0;
#endif
}

}  // namespace

struct Crash {
  static void handle(int number, siginfo_t* info, void* context) {
    const char* what = "a signal";
    for (const Signal& signal : kSignals)
      if (signal.number == number) what = signal.what;
    const AtWork* who = AtWork::current_;
    const char* code = name_of_code(program_counter(context));
    const char* why = nullptr;
    if (auto* explain = explainer.load(); explain && (number == SIGSEGV || number == SIGBUS))
      why = explain(info->si_addr);
    Line line;
    line << "basin: signal " << what;
    if (who) line << " in ", name(line, who);
    if (code) line << (who ? ", in code of " : " in code of ") << code;
    if (!who && !code) line << " outside of every plugin";
    if (why) line << ": " << why;
    write(line);
    // The handler is gone (SA_RESETHAND): the instruction fails again and ends the process where it stands. One that
    // was sent is sent again.
    if (info->si_code <= 0 || number == SIGABRT) ::raise(number);
  }

  // A plugin that calls exit.
  static void at_exit() {
    if (!AtWork::current_) return;
    Line line;
    line << "basin: the program was ended by exit() in ", name(line, AtWork::current_);
    write(line);
  }

 private:
  static void name(Line& line, const AtWork* who) {
    line << who->who_;
    int depth = 0;
    for (const AtWork* by = who->caller_; by && depth < 4; by = by->caller_, depth++)
      line << ", called by " << by->who_;
  }
  static void write(Line& line) {
    line.write_to(STDERR_FILENO);
    for (const auto& log : logs)
      if (const int fd = log.load(); fd > 0) line.write_to(fd - 1);
  }
};

void watch_crashes() {
  alignas(16) static char stack[64 * 1024];  // a stack that overflowed has no room for a handler
  stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof stack;
  ::sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_sigaction = Crash::handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (const Signal& signal : kSignals) ::sigaction(signal.number, &action, nullptr);
  std::atexit(Crash::at_exit);
}

void add_crash_log(int fd) {
  for (auto& log : logs)
    if (int free = 0; log.compare_exchange_strong(free, fd + 1)) return;
}

void forget_crash_log(int fd) {
  for (auto& log : logs)
    if (int mine = fd + 1; log.compare_exchange_strong(mine, 0)) return;
}

void add_crash_code(const void* address, const char* name) {
  const size_t n = n_codes.load();
  Dl_info found{};
  if (n == codes.size() || !::dladdr(address, &found)) return;
  Code code{reinterpret_cast<uintptr_t>(found.dli_fbase), 0, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* user) {
        auto& mine = *static_cast<Code*>(user);
        uintptr_t begin = UINTPTR_MAX, end = 0;
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD) continue;
          begin = std::min<uintptr_t>(begin, info->dlpi_addr + segment.p_vaddr);
          end = std::max<uintptr_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
        }
        if (mine.begin < begin || mine.begin >= end) return 0;
        mine.begin = begin, mine.end = end;
        return 1;
      },
      &code);
  std::strncpy(code.name, name, sizeof code.name - 1);
  codes[n] = code;
  n_codes.store(n + 1, std::memory_order_release);
}

void set_crash_explainer(const char* (*explain)(const void*)) { explainer = explain; }

}  // namespace basin
