// Pictures as text: small ones whose text is known.
#include "image/terminal.hpp"

#include "support.hpp"

using namespace basin::image;

namespace {

const Picture kTwoByTwo{2, 2, 3, {255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 255, 0}};  // red red / blue green

// What a terminal would show of sixels over the 6 x 6 x 6 cube: the colour of each pixel, -1 where nothing was painted.
std::vector<int> painted(const std::string& text, int width, int height) {
  std::vector<int> out(static_cast<std::size_t>(width * height), -1);
  std::size_t i = text.find("#215;2;100;100;100") + 18;  // after the palette
  REQUIRE(i > 18);
  int x = 0, top = 0, colour = -1;
  const auto number = [&] {
    int n = 0;
    while (std::isdigit(static_cast<unsigned char>(text[i]))) n = 10 * n + text[i++] - '0';
    return n;
  };
  while (text[i] != '\033') {
    const char c = text[i++];
    int repeat = 1;
    char letter = c;
    if (c == '#') colour = number();
    else if (c == '$') x = 0;
    else if (c == '-') x = 0, top += 6;
    else {
      if (c == '!') repeat = number(), letter = text[i++];
      for (; repeat > 0; --repeat, ++x)
        for (int row = 0; row < 6; ++row)
          if ((letter - '?') >> row & 1) {
            REQUIRE(x < width);
            REQUIRE(top + row < height);
            out[static_cast<std::size_t>((top + row) * width + x)] = colour;
          }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("half blocks: the upper pixel in front, the lower behind, codes only where a colour changes") {
  CHECK(half_blocks(kTwoByTwo, Colours::full) ==
        "\033[38;2;255;0;0m\033[48;2;0;0;255m\u2580\033[48;2;0;255;0m\u2580\033[0m\n");
  CHECK(half_blocks(kTwoByTwo, Colours::palette) == "\033[38;5;196m\033[48;5;21m\u2580\033[48;5;46m\u2580\033[0m\n");
  const Picture one{1, 1, 1, {255}};  // an odd height: nothing behind
  CHECK(half_blocks(one, Colours::full) == "\033[38;2;255;255;255m\u2580\033[0m\n");
}

TEST_CASE("shades go from dark to light") {
  Picture ramp{10, 2, 1, {}};
  for (int row = 0; row < 2; ++row)
    for (int x = 0; x < 10; ++x) ramp.pixels.push_back(static_cast<std::uint8_t>(x * 255 / 9));
  CHECK(shades(ramp) == " .:-=+*#%@\n");
}

TEST_CASE("sixels paint every pixel in its colour") {
  Picture picture{7, 8, 3, {}};  // two bands, the second cut short
  std::vector<int> wanted;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 7; ++x) {
      const int r = x % 6, g = y % 6, b = (x / 4 + y / 4) % 6;
      static constexpr int level[] = {0, 95, 135, 175, 215, 255};
      for (const int value : {level[r], level[g], level[b]}) picture.pixels.push_back(static_cast<std::uint8_t>(value));
      wanted.push_back(36 * r + 6 * g + b);
    }
  const std::string text = sixels(picture);
  CHECK(text.starts_with("\033P0;1q\"1;1;7;8#0;2;0;0;0"));
  CHECK(text.ends_with("\033\\\n"));
  CHECK(painted(text, 7, 8) == wanted);
}

TEST_CASE("kitty gets the pixels in base64, in pieces") {
  CHECK(kitty(kTwoByTwo) == "\033_Ga=T,f=24,s=2,v=2,m=0;/wAA/wAAAAD/AP8A\033\\\n");
  const Picture large{64, 64, 1, std::vector<std::uint8_t>(64 * 64, 7)};  // 12288 bytes, 16384 characters
  const std::string text = kitty(large);
  CHECK(text.starts_with("\033_Ga=T,f=24,s=64,v=64,m=1;"));
  CHECK(std::count(text.begin(), text.end(), 'G') == 4);  // pieces; no G among base64 of 07 07 07
  CHECK(text.find("\033_Gm=0;") != text.npos);
}
