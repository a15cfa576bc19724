// Progress of something long, see the header.
#include "run/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace basin {
namespace {

Progress* live = nullptr;  // the innermost; run thread only

bool is_terminal() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && term && std::strcmp(term, "dumb") != 0;
}

bool writes_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value && *value) return std::strstr(value, "UTF-8") || std::strstr(value, "utf8");
  }
  return false;
}

int columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Columns of UTF-8 text whose characters are all one column wide.
int width_of(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string bar_of(double part, int width, bool unicode) {
  const int full = std::clamp(static_cast<int>(part * width), 0, width);
  std::string bar = unicode ? "" : "[";
  for (int i = 0; i < width; ++i) bar += i < full ? (unicode ? "█" : "#") : (unicode ? "░" : ".");
  return unicode ? bar : bar + "]";
}

}  // namespace

std::string duration_text(double seconds) {
  const auto s = static_cast<long long>(std::max(0.0, seconds) + 0.5);
  char text[40];
  if (s >= 3600) std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
  else std::snprintf(text, sizeof text, "%lld:%02lld", s / 60, s % 60);
  return text;
}

std::string progress_line(const std::string& what, int64_t done, int64_t total, const std::string& detail, double left,
                          int width, bool unicode) {
  std::string count = std::to_string(done), percent;
  double part = 0;
  if (total > 0) {
    part = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    count += "/" + std::to_string(total);
    char text[16];
    std::snprintf(text, sizeof text, "%3d %%", static_cast<int>(part * 100));
    percent = text;
  }
  const std::string time = left >= 0 ? duration_text(left) + " left" : "";
  const auto join = [](std::initializer_list<std::string> parts) {
    std::string line;
    for (const std::string& p : parts) {
      if (!p.empty()) line += (line.empty() ? "" : "  ") + p;
    }
    return line;
  };
  // From the full line to the shortest one that fits.
  const std::string full = join({what, percent, count, detail, time});
  if (width <= 0) return full;
  if (const int room = width - width_of(full) - 2 - (unicode ? 0 : 2); total > 0 && room >= 8) {
    return join({what, bar_of(part, std::min(room, 24), unicode), percent, count, detail, time});
  }
  for (const std::string& line : {full, join({percent, count, detail, time}), join({percent, detail, time}),
                                  join({percent, detail}), join({percent, time}), total > 0 ? percent : count}) {
    if (width_of(line) <= width) return line;
  }
  return "";
}

Progress::Progress(std::string what, int64_t total)
    : what_(std::move(what)), total_(total), start_(Clock::now()), terminal_(is_terminal()), outer_(live) {
  clear();
  live = this;
}

Progress::~Progress() { finish(); }

double Progress::seconds_left() const {
  if (total_ <= 0 || done_ <= first_) return -1;
  const double passed = std::chrono::duration<double>(Clock::now() - start_).count();
  return passed / static_cast<double>(done_ - first_) * static_cast<double>(total_ - done_);
}

void Progress::draw() {
  if (terminal_) {
    const std::string line =
        progress_line(what_, done_, total_, detail_, seconds_left(), columns() - 1, writes_unicode());
    std::fflush(stdout);
    std::fprintf(stderr, "\r%s\033[K", line.c_str());
    shown_ = true;
  } else {
    said_ = done_;
    std::fprintf(stderr, "%s\n", progress_line(what_, done_, total_, detail_, seconds_left(), 0, false).c_str());
  }
  std::fflush(stderr);
}

void Progress::update(int64_t done, const std::string& detail) {
  if (finished_) return;
  const auto now = Clock::now();
  done_ = done, detail_ = detail;
  if (first_ < 0) first_ = done, start_ = drawn_ = now;
  const double since = std::chrono::duration<double>(now - drawn_).count();
  if (terminal_ ? shown_ && since < 0.1 : since < pause_) return;
  // Plain lines grow rare: a log of ten hours need not hold thousands of them.
  if (!terminal_) pause_ = std::min(60.0, pause_ * 1.5);
  drawn_ = now;
  draw();
}

void Progress::finish(const std::string& line) {
  if (finished_) return;
  finished_ = true;
  if (!terminal_ && said_ >= 0 && said_ != done_ && done_ >= total_) draw();
  if (live == this) {
    clear();
    live = outer_;
  }
  if (!line.empty()) std::fprintf(stderr, "%s\n", line.c_str());
}

void Progress::clear() {
  if (!live || !live->shown_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  live->shown_ = false;
}

}  // namespace basin
