// Progress of something long: on a terminal one live line with a bar, elsewhere a plain line now and then. On stderr,
// so that a script's own output stays clean.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace basin {

class Progress {
 public:
  // what: "training"; total: units in all, 0 where nobody knows. One that is made while another lives takes its place
  // until it ends.
  Progress(std::string what, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // done: units finished; the first call is where this start began (a continued run does not begin at 0).
  // detail: "loss 0.0312  212 images/s". Cheap enough to be called after every step. [run thread]
  void update(int64_t done, const std::string& detail = "");
  // Takes the bar away and writes `line` in its place (nothing where it is empty). Without a terminal, what had plain
  // lines ends with one.
  void finish(const std::string& line = "");

  // Takes a live bar off the screen before something else is written; the next update draws it again. [run thread]
  static void clear();

 private:
  using Clock = std::chrono::steady_clock;
  double seconds_left() const;
  void draw();
  std::string what_, detail_;
  int64_t total_, done_ = 0, first_ = -1, said_ = -1;  // said_: in the last plain line
  Clock::time_point start_, drawn_{};
  double pause_ = 2;  // seconds until the next plain line
  bool terminal_, shown_ = false, finished_ = false;
  Progress* outer_;
};

// The live line, at most `width` columns: what matters least is left out first (0: no limit and no
// bar). left: seconds, negative where unknown.
std::string progress_line(const std::string& what, int64_t done, int64_t total, const std::string& detail, double left,
                          int width, bool unicode);
std::string duration_text(double seconds);  // "0:07", "12:30", "3:04:05"

}  // namespace basin
