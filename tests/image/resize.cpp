// Resizing against Pillow (fixtures by make_fixtures.py), and the grid.
#include "support.hpp"

using namespace basin::image;

TEST_CASE("the crop to a square gives Pillow's integers") {
  NEEDS_OPENCV();
  struct Case {
    const char* size;
    int to;
  };
  for (const Case& c :
       {Case{"75x53", 16}, {"33x47", 32}, {"20x20", 32}, {"64x64", 16}, {"40x25", 25}, {"131x97", 12}}) {
    INFO(c.size << " to " << c.to);
    const Picture source = read(fixture("source_" + std::string(c.size) + ".png"));
    const Picture expected = read(fixture("crop_" + std::string(c.size) + "_" + std::to_string(c.to) + ".png"));
    CHECK(largest_difference(center_crop(source, c.to), expected) == 0);
  }
}

TEST_CASE("resizing keeps a flat picture flat, and the same size changes nothing") {
  Picture flat{7, 5, 3, std::vector<std::uint8_t>(7 * 5 * 3, 201)};
  for (Filter filter : {Filter::box, Filter::bicubic})
    for (int size : {1, 2, 3, 8, 20}) {
      const Picture result = resize(flat, size, size + 1, filter);
      REQUIRE(result.pixels.size() == std::size_t(size) * (size + 1) * 3);
      for (auto p : result.pixels) REQUIRE(p == 201);
    }
  Picture ramp{3, 2, 1, {0, 50, 100, 150, 200, 250}};
  CHECK(largest_difference(resize(ramp, 3, 2, Filter::bicubic), ramp) == 0);
  // a box of two by two is the rounded mean
  CHECK(resize({2, 2, 1, {10, 20, 30, 41}}, 1, 1, Filter::box).pixels[0] == 26);
}

TEST_CASE("sizes that make no sense are refused") {
  const Picture dot{1, 1, 3, {1, 2, 3}};
  CHECK(sentence_of([&] { resize(dot, 0, 4, Filter::box); }).find("at least 1 pixel") != std::string::npos);
  CHECK(sentence_of([&] { resize({}, 4, 4, Filter::box); }).find("0x0") != std::string::npos);
  CHECK(sentence_of([&] { center_crop(dot, 0); }).find("at least 1") != std::string::npos);
}

TEST_CASE("a grid puts image n at row n / columns, with padding, enlarged") {
  // three images [3,1,2]: channel c of image n is 10 n + c at the left and 10 n + c + 5 at the right
  std::vector<std::uint8_t> images;
  for (int n = 0; n < 3; ++n)
    for (int c = 0; c < 3; ++c) images.insert(images.end(), {std::uint8_t(10 * n + c), std::uint8_t(10 * n + c + 5)});
  GridOptions options;
  options.columns = 2, options.padding = 1, options.scale = 2, options.background = 99;
  const Picture p = grid(images, 3, 3, 1, 2, options);
  CHECK(p.width == (2 * 3 + 1) * 2);
  CHECK(p.height == (2 * 2 + 1) * 2);
  const auto at = [&](int x, int y, int c) { return int(p.pixels[(std::size_t(y) * p.width + x) * 3 + c]); };
  CHECK(at(0, 0, 0) == 99);
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      CHECK(at(2 + dx, 2 + dy, 1) == 1);   // image 0, left pixel, green
      CHECK(at(4 + dx, 2 + dy, 1) == 6);   // image 0, right pixel
      CHECK(at(8 + dx, 2 + dy, 2) == 12);  // image 1
      CHECK(at(2 + dx, 6 + dy, 0) == 20);  // image 2, second row
      CHECK(at(8 + dx, 6 + dy, 0) == 99);  // no image 3
    }
  CHECK(grid(images, 3, 3, 1, 2).width == 2 * (2 + 2) + 2);  // as square as possible: two columns
  CHECK(sentence_of([&] { grid(images, 4, 3, 1, 2); }).find("takes 24 bytes, and 18 came") != std::string::npos);
  CHECK(sentence_of([&] { grid(images, 3, 2, 1, 2); }).find("1 or 3 channels") != std::string::npos);
}
