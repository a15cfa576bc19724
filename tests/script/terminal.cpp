// The prompt as a person meets it: the built program on a pseudo-terminal.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "catch.hpp"

namespace {

class Terminal {
 public:
  explicit Terminal(int columns = 100) {
    folder_ = std::filesystem::temp_directory_path() / ("basin-terminal-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns), size.ws_row = 30;
    child_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (child_ == 0) {
      setenv("XDG_STATE_HOME", folder_.c_str(), 1), setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
      setenv("TERM", "xterm", 1), setenv("NO_COLOR", "1", 1);
      setenv("LC_ALL", "C.UTF-8", 1);
      execl(BASIN_BUILD "/bin/basin", "basin", "repl", nullptr);
      _exit(127);
    }
  }
  ~Terminal() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    close(fd_);
    if (last) std::filesystem::remove_all(folder_);
  }

  void type(const std::string& keys) {
    REQUIRE(write(fd_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }

  // Everything shown until `text` appeared (or 60 s have passed).
  bool shows(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (seen.find(text) == seen.npos && std::chrono::steady_clock::now() < end) {
      pollfd p{fd_, POLLIN, 0};
      if (poll(&p, 1, 200) <= 0) continue;
      char buffer[4096];
      const ssize_t n = read(fd_, buffer, sizeof buffer);
      if (n <= 0) break;
      seen.append(buffer, static_cast<size_t>(n));
    }
    const size_t at = seen.find(text);
    if (at == seen.npos) return false;
    seen.erase(0, at + text.size());
    return true;
  }

  int wait_for_exit() {
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string seen;
  bool last = true;  // removes the history

 private:
  std::filesystem::path folder_;
  int fd_ = -1;
  pid_t child_ = -1;
};

}  // namespace

TEST_CASE("a conversation at the prompt") {
  Terminal t;
  t.last = false;
  REQUIRE(t.shows("> "));
  t.type("local x = 20\n");
  REQUIRE(t.shows(" s\r\n"));  // the time it took
  t.type("x + 22\n");
  CHECK(t.shows("42\r\n"));
  t.type("basin.opt\t");
  CHECK(t.shows("imizer"));  // what completion adds to the line
  t.type(" \"sg\t");
  CHECK(t.shows("d"));
  t.type("\" {}\n");
  CHECK(t.shows("basin.optimizer \"sgd\" {}"));

  t.type("while true do end\n");
  REQUIRE(t.shows("end\r\n"));
  usleep(300000);
  t.type("\x03");  // Ctrl-C
  CHECK(t.shows("interrupted"));
  t.type("half a line\x03");
  CHECK(t.shows("^C"));
  t.type("for i = 1, 2 do\n");
  CHECK(t.shows("... "));
  t.type("\x03");
  CHECK(t.shows("> "));
  t.type("'still ' .. 'here'\n");
  CHECK(t.shows("still here"));
  t.type("\x04");  // Ctrl-D
  CHECK(t.wait_for_exit() == 0);
}

TEST_CASE("history outlives the program, and 20 columns are enough") {
  Terminal t(20);
  REQUIRE(t.shows("> "));
  t.type("\x1b[A");  // up: the last line of the conversation before
  CHECK(t.shows("here'"));
  t.type("\n");
  CHECK(t.shows("still here"));
}
