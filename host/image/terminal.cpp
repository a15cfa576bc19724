// Pictures as text, see the header.
#include "image/terminal.hpp"

#include <algorithm>
#include <array>

namespace basin::image {
namespace {

struct Colour {
  std::uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Colour&) const = default;
};

Colour at(const Picture& p, int x, int y) {
  const std::uint8_t* pixel = &p.pixels[(std::size_t(y) * p.width + x) * p.channels];
  if (p.channels == 1) return {pixel[0], pixel[0], pixel[0]};
  return {pixel[0], pixel[1], pixel[2]};
}

// The nearest of a channel's six values, which a terminal's palette has at 0, 95, 135, 175, 215, 255.
int step_of(std::uint8_t value) { return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; }
int cube(Colour c) { return 36 * step_of(c.r) + 6 * step_of(c.g) + step_of(c.b); }

std::string code(int ground, Colour c, Colours colours) {  // ground: 38 for the character, 48 behind it
  std::string text = "\033[" + std::to_string(ground);
  if (colours == Colours::palette) return text + ";5;" + std::to_string(16 + cube(c)) + "m";
  return text + ";2;" + std::to_string(c.r) + ";" + std::to_string(c.g) + ";" + std::to_string(c.b) + "m";
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    unsigned value = 0;
    for (std::size_t k = 0; k < 3; ++k) value = value << 8 | (k < n ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? letters[value >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string half_blocks(const Picture& p, Colours colours) {
  std::string out;
  for (int y = 0; y < p.height; y += 2) {
    Colour upper, lower;
    for (int x = 0; x < p.width; ++x) {
      const Colour top = at(p, x, y), bottom = y + 1 < p.height ? at(p, x, y + 1) : Colour{};
      if (x == 0 || top != upper) out += code(38, top, colours);
      if (y + 1 < p.height && (x == 0 || bottom != lower)) out += code(48, bottom, colours);
      out += "\u2580";
      upper = top, lower = bottom;
    }
    out += "\033[0m\n";
  }
  return out;
}

std::string shades(const Picture& p) {
  static constexpr char ramp[] = " .:-=+*#%@";
  std::string out;
  for (int y = 0; y < p.height; y += 2) {
    for (int x = 0; x < p.width; ++x) {
      const Colour top = at(p, x, y), bottom = at(p, x, std::min(y + 1, p.height - 1));
      const int light = 299 * (top.r + bottom.r) + 587 * (top.g + bottom.g) + 114 * (top.b + bottom.b);  // ITU-R BT.601
      out += ramp[std::min(9, light * 10 / (2 * 255 * 1000 + 1))];
    }
    out += '\n';
  }
  return out;
}

std::string sixels(const Picture& p) {
  static constexpr std::array<int, 6> percent = {0, 37, 53, 69, 84, 100};
  std::string out =
      "\033P0;1q\"1;1;" + std::to_string(p.width) + ";" + std::to_string(p.height);  // square pixels, the size
  for (int i = 0; i < 216; ++i)
    out += "#" + std::to_string(i) + ";2;" + std::to_string(percent[i / 36]) + ";" +
           std::to_string(percent[i / 6 % 6]) + ";" + std::to_string(percent[i % 6]);
  std::vector<int> colours(std::size_t(p.width) * 6);
  for (int top = 0; top < p.height; top += 6) {  // a band of six rows, one pass for each colour in it
    const int rows = std::min(6, p.height - top);
    std::array<bool, 216> used{};
    for (int row = 0; row < rows; ++row)
      for (int x = 0; x < p.width; ++x)
        used[colours[std::size_t(row) * p.width + x] = cube(at(p, x, top + row))] = true;
    for (int colour = 0; colour < 216; ++colour) {
      if (!used[colour]) continue;
      out += "#" + std::to_string(colour);
      for (int x = 0; x < p.width;) {
        const auto bits = [&](int column) {
          int mask = 0;
          for (int row = 0; row < rows; ++row) mask |= (colours[std::size_t(row) * p.width + column] == colour) << row;
          return mask;
        };
        const int mask = bits(x);
        int end = x + 1;
        while (end < p.width && bits(end) == mask) ++end;
        const char letter = static_cast<char>('?' + mask);
        if (end - x > 3) out += "!" + std::to_string(end - x) + letter;
        else out += std::string(std::size_t(end - x), letter);
        x = end;
      }
      out += "$";  // back to the left, for the next colour
    }
    out += "-";  // down to the next band
  }
  return out + "\033\\\n";
}

std::string kitty(const Picture& p) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(std::size_t(p.width) * p.height * 3);
  for (int y = 0; y < p.height; ++y)
    for (int x = 0; x < p.width; ++x) {
      const Colour c = at(p, x, y);
      rgb.insert(rgb.end(), {c.r, c.g, c.b});
    }
  const std::string data = base64(rgb);
  constexpr std::size_t kPiece = 4096;
  std::string out;
  for (std::size_t i = 0; i < data.size(); i += kPiece) {
    const bool more = i + kPiece < data.size();
    out += "\033_G";
    if (i == 0) out += "a=T,f=24,s=" + std::to_string(p.width) + ",v=" + std::to_string(p.height) + ",";
    out += std::string("m=") + (more ? "1" : "0") + ";" + data.substr(i, kPiece) + "\033\\";
  }
  return out + "\n";
}

}  // namespace basin::image
