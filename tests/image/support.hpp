// What the image tests share.
#pragma once
#include <filesystem>
#include <string>

#include "abi/error.hpp"
#include "catch.hpp"
#include "image/image.hpp"

// The OpenCV half is tested where OpenCV is; the plain half always.
#define NEEDS_OPENCV()                           \
  if (!basin::image::available()) {              \
    WARN("not tested: there is no OpenCV here"); \
    return;                                      \
  }

inline std::string fixture(const std::string& name) { return std::string(BASIN_TESTS) + "/image/fixtures/" + name; }

// A folder of the test's own, removed at its end.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "basin-image-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

// The sentence of the basin::Error that body throws, or "".
template <class Body>
std::string sentence_of(Body body) {
  try {
    body();
  } catch (const basin::Error& error) {
    return error.what();
  }
  return "";
}

inline int largest_difference(const basin::image::Picture& a, const basin::image::Picture& b) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.height == b.height);
  REQUIRE(a.channels == b.channels);
  REQUIRE(a.pixels.size() == b.pixels.size());
  int most = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i)
    most = std::max(most, std::abs(int(a.pixels[i]) - int(b.pixels[i])));
  return most;
}
