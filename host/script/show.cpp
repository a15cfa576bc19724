// images:show, see the header: what the terminal can, and a grid that fits it.
#include "script/show.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "image/terminal.hpp"
#include "script/engine.hpp"
#include "script/types.hpp"

namespace basin::script {
namespace {

bool is(const char* variable, std::initializer_list<const char*> values) {
  const char* value = std::getenv(variable);
  for (const char* wanted : values)
    if (value && std::strcmp(value, wanted) == 0) return true;
  return false;
}
bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

// Asks the terminal what it is (DEC's primary device attributes): "ESC [ ? 62 ; 4 ; 22 c", where 4 is sixel graphics.
bool has_sixels() {
  if (!isatty(STDIN_FILENO)) return false;
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return false;
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  std::fputs("\033[c", stdout);
  std::fflush(stdout);
  std::string answer;
  for (pollfd input{STDIN_FILENO, POLLIN, 0}; answer.size() < 64 && poll(&input, 1, /*milliseconds=*/300) > 0;) {
    char byte = 0;
    if (read(STDIN_FILENO, &byte, 1) != 1) break;
    answer += byte;
    if (byte == 'c') break;
  }
  tcsetattr(STDIN_FILENO, TCSANOW, &before);
  std::istringstream parts(answer.substr(std::min(answer.size(), answer.find('?') + 1)));
  std::getline(parts, answer, ';');  // the first one is its class
  for (std::string part; std::getline(parts, part, ';');)
    if (part == "4" || part == "4c") return true;
  return false;
}

// Programs that multiplex terminals pass no pictures on.
std::string what_the_terminal_can() {
  if (!isatty(STDOUT_FILENO) || is_set("NO_COLOR") || !is_set("TERM") || is("TERM", {"dumb"})) return "shades";
  if (is_set("TMUX") || is_set("STY")) return "blocks";
  if (is_set("KITTY_WINDOW_ID") || is("TERM", {"xterm-kitty", "xterm-ghostty"}) ||
      is("TERM_PROGRAM", {"WezTerm", "ghostty"}))
    return "kitty";
  return has_sixels() ? "sixel" : "blocks";
}

winsize window() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80, size.ws_xpixel = 0;
  return size;
}

}  // namespace

int images_show(Call& c) {
  const Images& images = *get<std::shared_ptr<const Images>>(c.L, 1);
  const std::string as = c.string("as", what_the_terminal_can());
  const std::vector<std::string> ways{"kitty", "sixel", "blocks", "shades"};
  if (std::find(ways.begin(), ways.end(), as) == ways.end())
    throw Error("images:show: 'as' must be kitty, sixel, blocks or shades, got '" + as + "'" + hint(as, ways, ""));
  const int64_t count = std::min(c.integer("count", 16), images.pixels.size(0));
  const int64_t columns = c.integer("columns");
  if (count < 1 || columns < 0) throw Error("images:show takes a count of at least 1, and columns of at least 0");
  const Tensor pixels = images.pixels.slice(0, 0, count).contiguous();
  const int height = static_cast<int>(pixels.size(2)), width = static_cast<int>(pixels.size(3));

  // Characters show a pixel each; a picture has pixels of its own, and small images are made larger.
  const bool characters = as == "blocks" || as == "shades";
  const winsize size = window();
  const int room = characters ? size.ws_col : size.ws_xpixel > 0 ? size.ws_xpixel : 8 * size.ws_col;
  image::GridOptions options;
  options.padding = 1;
  options.background = 0;
  options.scale = characters || width >= 64 ? 1 : 96 / width;
  const int fit = std::max(1, (room / options.scale - 1) / (width + 1));
  options.columns = static_cast<int>(columns > 0 ? columns : std::min<int64_t>(count, fit));
  auto picture = image::grid({pixels.const_data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel())},
                             static_cast<int>(count), static_cast<int>(pixels.size(1)), height, width, options);
  if (picture.width > room)
    picture = image::resize(picture, room, std::max(1, picture.height * room / picture.width), image::Filter::box);

  std::string text;
  if (as == "kitty") text = image::kitty(picture);
  else if (as == "sixel") text = image::sixels(picture);
  else if (as == "shades") text = image::shades(picture);
  else
    text = image::half_blocks(picture,
                              is("COLORTERM", {"truecolor", "24bit"}) ? image::Colours::full : image::Colours::palette);
  text.pop_back();  // the line's end is say's
  say(text);
  return 0;
}

}  // namespace basin::script
