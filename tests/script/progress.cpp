// The live line: what is left out first when the terminal is narrow.
#include "run/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "catch.hpp"
#include "script/numbers.hpp"

using basin::duration_text;
using basin::progress_line;

TEST_CASE("durations") {
  CHECK(duration_text(0) == "0:00");
  CHECK(duration_text(7.4) == "0:07");
  CHECK(duration_text(750) == "12:30");
  CHECK(duration_text(3 * 3600 + 245) == "3:04:05");
}

TEST_CASE("the live line fits every width") {
  const std::string detail = "loss 0.0312  212 images/s";
  CHECK(progress_line("training", 65, 130, detail, 75, 100, false) ==
        "training  [############............]   50 %  65/130  loss 0.0312  212 images/s  1:15 left");
  for (int width = 100; width >= 5; --width) {
    for (const bool unicode : {false, true}) {
      const std::string line = progress_line("training", 65, 130, detail, 75, width, unicode);
      INFO(width << ": " << line);
      CHECK(basin::script::columns_of(line) <= width);
      if (width >= 6) CHECK(line.find("50 %") != line.npos);
    }
  }
  CHECK(progress_line("training", 65, 130, detail, 75, 0, true) ==
        "training   50 %  65/130  loss 0.0312  212 images/s  1:15 left");
  CHECK(progress_line("reading", 7, 0, "", -1, 80, true) == "reading  7");
  CHECK(progress_line("done", 130, 130, "", 0, 80, false) ==
        "done  [########################]  100 %  130/130  0:00 left");
}

namespace {

// What `body` writes on standard error, which is then no terminal.
std::string errors_of(const std::function<void()>& body) {
  std::string file = (std::filesystem::temp_directory_path() / "basin-progress-XXXXXX").string();
  const int to = mkstemp(file.data()), before = dup(2);
  std::fflush(stderr);
  dup2(to, 2);
  body();
  std::fflush(stderr);
  dup2(before, 2), close(before), close(to);
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  std::filesystem::remove(file);
  return text.str();
}

}  // namespace

TEST_CASE("without a terminal, what had plain lines ends with one") {
  const auto shown = [](int64_t last) {
    return errors_of([&] {
      basin::Progress progress("reading", 10);
      progress.update(0);
      std::this_thread::sleep_for(std::chrono::milliseconds(2100));  // until the first plain line
      progress.update(5);
      progress.update(last);
    });
  };
  const std::string all = shown(10), part = shown(8);
  CHECK(all.find("reading   50 %  5/10") == 0);
  CHECK(all.find("\nreading  100 %  10/10  0:00 left\n") != std::string::npos);
  CHECK(part.find("100 %") == std::string::npos);  // it was broken off
  CHECK(std::count(part.begin(), part.end(), '\n') == 1);
  CHECK(errors_of([] {
          basin::Progress progress("short", 10);
          progress.update(0), progress.update(10);
        }).empty());
}
