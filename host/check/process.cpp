#include "check/process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>

#include "abi/error.hpp"

namespace basin::checking {
namespace {

std::string contents(int fd, size_t most) {
  const off_t size = ::lseek(fd, 0, SEEK_END);
  std::string out(static_cast<size_t>(std::max<off_t>(0, std::min<off_t>(size, static_cast<off_t>(most)))), '\0');
  const ssize_t n = ::pread(fd, out.data(), out.size(), std::max<off_t>(0, size - static_cast<off_t>(out.size())));
  out.resize(static_cast<size_t>(std::max<ssize_t>(0, n)));
  return out;
}

struct Memory {  // a file without a name
  int fd;
  explicit Memory(const char* name) : fd(::memfd_create(name, 0)) {
    if (fd < 0) throw Error(std::string("no file in memory: ") + std::strerror(errno), BASIN_ERROR_IO);
  }
  ~Memory() { ::close(fd); }
  Memory(const Memory&) = delete;
};

}  // namespace

std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? std::string("SIG") + name : "signal " + std::to_string(number);
}

Ended run_process(const std::string& program, std::vector<std::string> arguments, int timeout_seconds) {
  const Memory report("report"), said("said");
  arguments.insert(arguments.begin(), program);
  arguments.insert(arguments.end(), {"--report", std::to_string(report.fd)});
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t child = ::fork();
  if (child < 0) throw Error(std::string("no process for the test: ") + std::strerror(errno), BASIN_ERROR_RUNTIME);
  if (child == 0) {  // nothing here allocates
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed takes what it runs with it
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(said.fd, 1);
    ::dup2(said.fd, 2);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ::setpgid(child, child);  // whoever is first

  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(timeout_seconds);
  Ended out;
  int status = 0;
  for (useconds_t pause = 1000;; pause = std::min<useconds_t>(pause * 2, 50000)) {
    const pid_t waited = ::waitpid(child, &status, WNOHANG);
    if (waited == child) break;
    if (waited < 0 && errno != EINTR)
      throw Error(std::string("the test's process was lost: ") + std::strerror(errno), BASIN_ERROR_RUNTIME);
    if (Clock::now() > end) {
      out.timed_out = true;
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    ::usleep(pause);
  }
  ::kill(-child, SIGKILL);  // what it started and left behind
  out.report = contents(report.fd, 1 << 20);
  out.said = contents(said.fd, 4096);
  if (WIFEXITED(status)) out.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) out.signal = WTERMSIG(status);
  return out;
}

}  // namespace basin::checking
