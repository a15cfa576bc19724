// The live line: what is left out first when the terminal is narrow.
#include "run/progress.hpp"

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
