// Reading and writing through OpenCV: round trips, agreement with Pillow, and bad files.
#include <fstream>
#include <iterator>

#include "support.hpp"

using namespace basin::image;
namespace fs = std::filesystem;

namespace {

std::vector<std::uint8_t> bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool has(const std::string& sentence, const std::string& part) {
  INFO(sentence);
  const bool found = sentence.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("a picture written as PNG comes back bit for bit") {
  NEEDS_OPENCV();
  const Folder folder;
  for (int channels : {1, 3}) {
    Picture picture{13, 9, channels, {}};
    for (int i = 0; i < 13 * 9 * channels; ++i) picture.pixels.push_back(std::uint8_t(i * 37));
    const fs::path file = folder.path / "a.png";
    write_png(file, picture);
    CHECK(largest_difference(read(file, channels), picture) == 0);
    CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
    CHECK(largest_difference(decode(encode_png(picture), "x", channels), picture) == 0);
  }
}

TEST_CASE("files are read as Pillow reads them") {
  NEEDS_OPENCV();
  // Two builds of libjpeg may round the colour conversion differently.
  CHECK(largest_difference(read(fixture("photo.jpg")), read(fixture("photo_decoded.png"))) <= 2);
  CHECK(largest_difference(read(fixture("palette.png")), read(fixture("palette_decoded.png"))) == 0);
  const Picture grey = read(fixture("grey.png")), one = read(fixture("grey.png"), 1),
                alpha = read(fixture("alpha.png"));
  REQUIRE(grey.pixels.size() == 9 * 7 * 3);
  REQUIRE(one.pixels.size() == 9 * 7);
  for (std::size_t i = 0; i < 63; ++i) {
    CHECK(int(grey.pixels[3 * i]) == int(4 * i));
    CHECK(int(grey.pixels[3 * i + 2]) == int(4 * i));
    CHECK(int(one.pixels[i]) == int(4 * i));
  }
  // red, green, blue in this order; alpha is dropped
  CHECK(std::vector<int>(alpha.pixels.begin(), alpha.pixels.begin() + 3) == std::vector<int>{10, 200, 90});
}

TEST_CASE("a file that ends early is one sentence with its name") {
  NEEDS_OPENCV();
  const Folder folder;
  for (const char* name : {"photo.jpg", "source_75x53.png"}) {
    const auto whole = bytes_of(fixture(name));
    REQUIRE(whole.size() > 500);
    for (std::size_t keep :
         {std::size_t(0), std::size_t(1), std::size_t(20), whole.size() / 2, whole.size() * 9 / 10}) {
      INFO(name << ", " << keep << " of " << whole.size() << " bytes");
      const fs::path file = folder.path / name;
      std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(whole.data()), std::streamsize(keep));
      const std::string sentence = sentence_of([&] { read(file); });
      has(sentence, file.string() + " cannot be read: ");
      CHECK(std::count(sentence.begin(), sentence.end(), '\n') == 0);
    }
  }
}

TEST_CASE("bytes that are no image, a wrong checksum, and files that are not there") {
  NEEDS_OPENCV();
  const std::vector<std::uint8_t> text(300, 'x');
  has(sentence_of([&] { decode(text, "item 7"); }), "item 7 cannot be read: its 300 bytes are not a whole image");
  auto flipped = bytes_of(fixture("source_75x53.png"));
  flipped[flipped.size() / 2] ^= 0x55;
  has(sentence_of([&] { decode(flipped, "flipped.png"); }),
      "flipped.png cannot be read: the PNG file is damaged: a checksum");
  has(sentence_of([&] { read("/nowhere/a.png"); }), "'/nowhere/a.png' cannot be read: No such file");
  has(sentence_of([&] { read(fs::temp_directory_path()); }), "it is no regular file");
  has(sentence_of([&] { decode(text, "a", 4); }), "1 or 3 channels, not 4");
}

TEST_CASE("writing where that is impossible leaves nothing behind") {
  NEEDS_OPENCV();
  const Picture dot{1, 1, 3, {1, 2, 3}};
  has(sentence_of([&] { write_png("/nowhere/a.png", dot); }), "'/nowhere/a.png' cannot be written: No such file");
  const Folder folder;
  fs::create_directory(folder.path / "taken");
  has(sentence_of([&] { write_png(folder.path / "taken", dot); }), "taken' cannot be replaced: Is a directory");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  has(sentence_of([&] { encode_png({2, 2, 3, {1, 2, 3}}); }), "3 bytes cannot be written");
  has(sentence_of([&] { encode_png({2, 2, 2, std::vector<std::uint8_t>(8)}); }), "2 channels");
}
