// The prompt as a person meets it: the built program on a pseudo-terminal.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "catch.hpp"

namespace {

class Terminal {
 public:
  // The program at its first prompt, in a folder of its own, where run folders and the history come. environment: an empty
  // value unsets.
  explicit Terminal(int columns = 100, const std::map<std::string, std::string>& environment = {}) {
    folder_ = std::filesystem::temp_directory_path() / ("basin-terminal-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns), size.ws_row = 30;
    child_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (child_ == 0) {
      setenv("XDG_STATE_HOME", folder_.c_str(), 1), setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
      setenv("TERM", "xterm", 1), setenv("NO_COLOR", "1", 1);
      setenv("LC_ALL", "C.UTF-8", 1);
      for (const char* name : {"COLORTERM", "KITTY_WINDOW_ID", "TERM_PROGRAM", "TMUX", "STY"}) unsetenv(name);
      for (const auto& [name, value] : environment)
        value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
      if (chdir(folder_.c_str()) != 0) _exit(126);
      execl(BASIN_BUILD "/bin/basin", "basin", "repl", nullptr);
      _exit(127);
    }
    const bool began = shows("> ");
    if (!began) end();  // a constructor that throws has no destructor
    INFO(seen);
    REQUIRE(began);
  }
  ~Terminal() { end(); }

  void type(const std::string& keys) {
    REQUIRE(write(fd_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }

  // Whether `text` appears in `seconds`; what was shown up to it is in `before`, and forgotten.
  bool shows(const std::string& text, int seconds = 60) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
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
    before = seen.substr(0, at);
    seen.erase(0, at + text.size());
    return true;
  }

  // Ctrl-D at an empty prompt: the exit code, or -1.
  int leave() {
    type("\x04");
    return wait_for_exit();
  }
  int wait_for_exit(int seconds = 60) {
    for (int tenths = 0; tenths < 10 * seconds; ++tenths, usleep(100000)) {
      int status = 0;
      if (waitpid(child_, &status, WNOHANG) == child_) {
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
    }
    return -1;
  }

  std::string seen, before;
  bool last = true;  // removes the history

 private:
  void end() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    close(fd_);
    if (last) std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  int fd_ = -1;
  pid_t child_ = -1;
};

}  // namespace

TEST_CASE("a conversation at the prompt") {
  Terminal t;
  t.last = false;
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
  t.type("1 +\n");
  CHECK(t.shows("... "));
  t.type("41\n");
  CHECK(t.shows("42\r\n"));
  t.type("local function f(t)\nreturn t.a.b\nend\n");
  CHECK(t.shows(" s\r\n"));
  t.type("f({})\n");
  CHECK(t.shows("line 2, 'return t.a.b': attempt to index a nil value (field 'a')"));
  t.type("'still ' .. 'here'\n");
  CHECK(t.shows("still here"));
  REQUIRE(t.shows("> "));
  CHECK(t.leave() == 0);
}

TEST_CASE("history outlives the program, and 20 columns are enough") {
  Terminal t(20);
  t.type("\x1b[A");  // up: the last line of the conversation before
  CHECK(t.shows("here'"));
  t.type("\n");
  CHECK(t.shows("still here"));
}

namespace {

// Lines that make `train(name)`: a training that no one waits for.
void prepare_training(Terminal& t) {
  t.type(
      "model = basin.model 'adm_unet' { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }\n");
  REQUIRE(t.shows(" s\r\n"));
  t.type("data, process = basin.dataset 'shapes' { count = 16, size = 8 }, basin.process 'vp'\n");
  REQUIRE(t.shows(" s\r\n"));
  t.type("adam = basin.optimizer 'adam' { lr = 1e-3 }\n");
  REQUIRE(t.shows(" s\r\n"));
}
const char* const kTrain =
    "basin.run { name = 'x', device = 'cpu' }:train { model = model, data = data, process = process, "
    "steps = 1000000, batch = 1, optimizer = adam }\n";

}  // namespace

TEST_CASE("Ctrl-C ends a training after its step, and the same line again goes on") {
  Terminal t;
  prepare_training(t);
  t.type(kTrain);
  REQUIRE(t.shows("new run runs/00001-x"));
  REQUIRE(t.shows("/1000000"));  // the live bar
  t.type("\x03");
  CHECK(t.shows("stopping when the step or operation at work has ended"));
  REQUIRE(t.shows("stopped after step "));
  REQUIRE(t.shows(" of 1000000"));
  const std::string step = t.before;
  REQUIRE(t.shows("> "));
  t.type("'the prompt ' .. 'again'\n");
  CHECK(t.shows("the prompt again"));
  REQUIRE(t.shows("> "));
  t.type("\x1b[A\x1b[A\n");  // up, up
  CHECK(t.shows("continuing runs/00001-x at step " + step + " of 1000000"));
  REQUIRE(t.shows("/1000000"));
  t.type("\x03");
  CHECK(t.shows("stopped after step "));
  REQUIRE(t.shows("> "));
}

TEST_CASE("Ctrl-C ends a chain of long tensor operations") {
  Terminal t;
  t.type("a = basin.zeros { 4000, 4000 }\n");
  REQUIRE(t.shows(" s\r\n"));
  t.type("for i = 1, 1e9 do a = a:exp():sqrt() end\n");
  REQUIRE(t.shows("end\r\n"));
  usleep(500000);
  t.type("\x03");
  CHECK(t.shows("\ninterrupted", 20));
  t.type("6 * 7\n");
  CHECK(t.shows("42\r\n"));
}

TEST_CASE("a paste is taken as it is, and as a whole") {
  Terminal t;
  REQUIRE(t.before.find("\x1b[?2004h") != std::string::npos);  // it is asked to say where pastes begin and end
  t.type("\x1b[200~local p = 40\r  + 2\x1b[201~\n");           // line by line, the second line would be an error
  REQUIRE(t.shows(" s\r\n"));
  t.type("p\n");
  CHECK(t.shows("42\r\n"));
  t.type("\x1b[200~q = 'ta\tb'\x1b[201~\n");  // no completion
  REQUIRE(t.shows(" s\r\n"));
  t.type("q\n");
  CHECK(t.shows("ta  b\r\n"));
  t.type("\x1b[200~r = 10\rr + 1\rr + 2\x1b[201~\n");  // no chunk as a whole: line by line, and both are printed
  CHECK(t.shows("11\r\n"));
  CHECK(t.shows("12\r\n"));
  t.type("\x1b[200~for i = 1, 2 do\rprint 'begun'\x1b[201~\x03");
  CHECK(t.shows("^C"));
  t.type("'no ' .. 'more'\n");
  CHECK(t.shows("no more\r\n"));
}

TEST_CASE("completion inside braces, and of what an option may be") {
  Terminal t;
  t.type("p = basin.process 'vp' { sch\t");
  CHECK(t.shows("edule"));
  t.type(" = \"lin\t");
  CHECK(t.shows("ear"));
  t.type("\" }\n");
  REQUIRE(t.shows(" s\r\n"));
  t.type("p.schedule\n");
  REQUIRE(t.shows("p.schedule\r\n"));
  CHECK(t.shows("linear\r\n"));
}

TEST_CASE("a training's bar fits 20 columns") {
  Terminal t(20);
  prepare_training(t);
  t.type(kTrain);
  REQUIRE(t.shows("new run runs/00001-x"));
  for (int i = 0; i < 5; ++i) {
    REQUIRE(t.shows("%"));
    REQUIRE(t.shows("\x1b[K"));
    const size_t line = t.before.rfind('\r');  // none: the bar begins before the '%'
    CHECK((line == std::string::npos ? t.before.size() : t.before.size() - line - 1) < 20);
  }
  t.type("\x03");
  CHECK(t.shows("stopped after"));
}

TEST_CASE("a terminal of which nothing is known still has a prompt") {
  for (const char* name : {"", "dumb", "no-such-terminal"}) {
    INFO("TERM=" << name);
    Terminal t(80, {{"TERM", name}});
    t.type("6 * 7\n");
    CHECK(t.shows("42\r\n"));
    CHECK(t.before.find("\x1b[") == std::string::npos);
    REQUIRE(t.shows("> "));
    CHECK(t.leave() == 0);
  }
}

TEST_CASE("Ctrl-D is heard at once, and when it came before the prompt") {
  for (int i = 0; i < 5; ++i) {
    Terminal t;
    CHECK(t.leave() == 0);
  }
  Terminal t;
  t.type("for i = 1, 3e7 do end print 'done'\n");
  REQUIRE(t.shows("'done'\r\n"));
  t.type("\x04");  // while the loop runs and the terminal collects lines
  CHECK(t.wait_for_exit() == 0);
}

TEST_CASE("errors are red where colours are wanted") {
  Terminal plain, red(100, {{"NO_COLOR", ""}});
  for (Terminal* t : {&plain, &red}) {
    t->type("nothing.here\n");
    REQUIRE(t->shows("there is no variable 'nothing'"));
    CHECK((t->before.find("\x1b[31m") != std::string::npos) == (t == &red));
  }
}

TEST_CASE("images in the terminal, as it can show them") {
  const std::string show = "basin.dataset 'shapes' { count = 4, size = 8 }:images(1, 4):show { columns = 2 }\n";
  const auto shown = [&](const std::map<std::string, std::string>& environment, const std::string& text,
                         const std::string& answer = "") {
    Terminal t(100, environment);
    t.type(show);
    if (!answer.empty()) {
      REQUIRE(t.shows("\x1b[c"));  // what are you?
      t.type(answer);
    }
    CHECK(t.shows(text));
    REQUIRE(t.shows(" s"));  // the time, which may be coloured
    CHECK(t.before.find("attempt") == std::string::npos);
  };
  {  // NO_COLOR: shades
    Terminal t;
    t.type(show);
    REQUIRE(t.shows("columns = 2 }\r\n"));
    REQUIRE(t.shows(" s\r\n"));
    CHECK(std::count(t.before.begin(), t.before.end(), '\n') >= 10);  // 2 rows of 8 pixels, and lines between
    CHECK(t.before.find("\x1b[38") == std::string::npos);
  }
  shown({{"NO_COLOR", ""}, {"COLORTERM", "truecolor"}}, "\x1b[38;2;", "\x1b[?1;2c");
  shown({{"NO_COLOR", ""}}, "\x1b[38;5;", "\x1b[?1;2c");
  shown({{"NO_COLOR", ""}}, "\x1bP0;1q\"1;1;", "\x1b[?62;4;22c");
  shown({{"NO_COLOR", ""}, {"KITTY_WINDOW_ID", "1"}}, "\x1b_Ga=T,f=24,");
  shown({{"NO_COLOR", ""}, {"TMUX", "x"}}, "\x1b[38;5;");
}
