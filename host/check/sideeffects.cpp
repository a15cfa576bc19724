#include "check/sideeffects.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <filesystem>

namespace fs = std::filesystem;
extern char** environ;

namespace basin::checking {
namespace {

// How the processor rounds, and whether it keeps denormal numbers: not the flags of what has happened.
unsigned floating_point() {
  std::fenv_t f;
  std::fegetenv(&f);
#if defined(__x86_64__)
  return f.__mxcsr & ~0x3fu;
#elif defined(__aarch64__)
  return f.__fpcr;
#else
  return static_cast<unsigned>(std::fegetround());
#endif
}

std::set<std::string> names_in(const char* folder) {
  std::set<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.insert(entry.path().filename());
  return out;
}

std::string current_locale() {
  const char* name = std::setlocale(LC_ALL, nullptr);
  return name ? name : "";
}

}  // namespace

Surroundings::Surroundings() : threads_(names_in("/proc/self/task")), locale_(current_locale()) {
  for (char** variable = environ; variable && *variable; variable++) environment_.insert(*variable);
  for (const std::string& fd : names_in("/proc/self/fd")) {
    std::error_code error;
    const fs::path what = fs::read_symlink("/proc/self/fd/" + fd, error);
    if (!error && what.string().find("/proc/") != 0) files_[fd] = what;  // that of the listing is gone already
  }
  for (int number = 1; number < 65; number++) {
    struct sigaction action {};
    const bool known = ::sigaction(number, nullptr, &action) == 0;
    handlers_.push_back(known ? reinterpret_cast<const void*>(action.sa_handler) : nullptr);
  }
  std::error_code error;
  folder_ = fs::current_path(error);
  umask_ = ::umask(0);
  ::umask(umask_);
  floating_ = floating_point();
}

std::string Surroundings::change_since(const Surroundings& before) const {
  const auto variable = [](const std::string& text) { return text.substr(0, text.find('=')); };
  if (threads_.size() > before.threads_.size())
    return "starts " + std::to_string(threads_.size() - before.threads_.size()) +
           " thread(s); use the host's (basin.parallel), and not before create";
  for (const auto& [fd, what] : files_)
    if (!before.files_.count(fd)) return "leaves '" + what + "' open";
  for (const std::string& text : environment_)
    if (!before.environment_.count(text)) return "sets the environment variable " + variable(text);
  for (const std::string& text : before.environment_)
    if (!environment_.count(text)) return "removes the environment variable " + variable(text);
  for (size_t i = 0; i < handlers_.size(); i++)
    if (handlers_[i] != before.handlers_[i]) {
      const char* name = ::sigabbrev_np(static_cast<int>(i) + 1);
      return std::string("changes the handler of ") + (name ? std::string("SIG") + name : std::to_string(i + 1));
    }
  if (locale_ != before.locale_) return "changes the locale from " + before.locale_ + " to " + locale_;
  if (folder_ != before.folder_) return "changes the current folder to '" + folder_ + "'";
  if (umask_ != before.umask_) return "changes the umask";
  if (floating_ != before.floating_)
    return "changes how the processor rounds or treats denormal numbers (linking with -ffast-math does that)";
  return "";
}

Output::Output() : file_(::memfd_create("output", 0)), out_(-1), err_(-1) {
  std::fflush(nullptr);
  out_ = ::dup(1), err_ = ::dup(2);
  ::dup2(file_, 1);
  ::dup2(file_, 2);
}

std::string Output::end() {
  if (file_ < 0) return "";
  std::fflush(nullptr);
  ::dup2(out_, 1);
  ::dup2(err_, 2);
  ::close(out_);
  ::close(err_);
  std::string text(4096, '\0');
  const ssize_t n = ::pread(file_, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, n)));
  ::close(file_);
  file_ = -1;
  return text;
}

}  // namespace basin::checking
