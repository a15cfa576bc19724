// Opens libbasin_image.so on first use and calls it through its table; files are read and written here.
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>

#include "abi/error.hpp"
#include "image/image.hpp"
#include "image/table.hpp"
#include "plugin/files.hpp"

namespace basin::image {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPackage = "libopencv-imgcodecs-dev";

// Beside the program (build folder: bin/ and lib/), in an installation's lib/basin/, or where BASIN_IMAGE_MODULE says.
std::vector<fs::path> places() {
  if (const char* given = std::getenv("BASIN_IMAGE_MODULE"); given && *given) return {given};
  std::error_code ignored;
  const fs::path base = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  return {base / "lib/libbasin_image.so", base / "lib/basin/libbasin_image.so"};
}

// A failure is not remembered: the package may be installed while the program runs.
const basin_image_table& table() {
  static std::mutex mutex;
  static std::atomic<const basin_image_table*> loaded{nullptr};
  if (const auto* found = loaded.load(std::memory_order_acquire)) return *found;
  std::lock_guard lock(mutex);
  if (const auto* found = loaded.load(std::memory_order_relaxed)) return *found;

  fs::path file;
  std::error_code ignored;
  for (const fs::path& place : places())
    if (fs::exists(place, ignored)) {
      file = place;
      break;
    }
  if (file.empty())
    throw Error(
        std::string("pictures and plots need OpenCV, and this Basin was built without it: install the package ") +
            kPackage + " and run ./basin setup (training works without).",
        BASIN_ERROR_NOT_FOUND);
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(std::string("pictures and plots need OpenCV, which could not be loaded (") + dlerror() +
                    "): install the package " + kPackage + " (training works without).",
                BASIN_ERROR_NOT_FOUND);
  using Entry = const basin_image_table* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(handle, BASIN_IMAGE_SYMBOL));
  if (!entry)
    throw Error(file.string() + " is not this Basin's image module: it lacks the symbol " BASIN_IMAGE_SYMBOL
                                "; build again with ./basin build.",
                BASIN_ERROR_ABI);
  loaded.store(entry(), std::memory_order_release);
  return *loaded.load(std::memory_order_relaxed);
}

// Copies what the module made and gives it back.
Picture take(basin_image_pixels& made) {
  struct Release {
    basin_image_pixels& made;
    ~Release() { table().release(&made); }
  } release{made};
  const std::size_t bytes = made.width * made.height * made.channels;
  return {int(made.width), int(made.height), int(made.channels), {made.data, made.data + bytes}};
}

}  // namespace

bool available() {
  try {
    table();
    return true;
  } catch (const Error&) {
    return false;
  }
}

Picture decode(std::span<const std::uint8_t> bytes, const std::string& name, int channels) {
  if (channels != 1 && channels != 3)
    throw Error("an image is read with 1 or 3 channels, not " + std::to_string(channels) + ".");
  basin_image_pixels made{};
  basin_image_error error{};
  if (!table().decode(bytes.data(), bytes.size(), channels, &made, &error))
    throw Error(name + " cannot be read: " + error.text, BASIN_ERROR_IO);
  return take(made);
}

Picture read(const fs::path& file, int channels) {
  const std::string bytes = read_file(file);
  return decode({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, file.string(), channels);
}

std::vector<std::uint8_t> encode_png(const Picture& picture) {
  const bool sizes = picture.width > 0 && picture.height > 0 && (picture.channels == 1 || picture.channels == 3);
  if (!sizes || picture.pixels.size() != std::size_t(picture.width) * picture.height * picture.channels)
    throw Error("a picture of " + std::to_string(picture.width) + "x" + std::to_string(picture.height) + " with " +
                std::to_string(picture.channels) + " channels and " + std::to_string(picture.pixels.size()) +
                " bytes cannot be written; it takes 1 or 3 channels and width x height x channels bytes.");
  basin_image_pixels made{};
  basin_image_error error{};
  if (!table().encode_png(picture.pixels.data(), picture.width, picture.height, picture.channels, &made, &error))
    throw Error(std::string("the picture cannot be encoded: ") + error.text, BASIN_ERROR_RUNTIME);
  return take(made).pixels;
}

void write_png(const fs::path& file, const Picture& picture) {
  const std::vector<std::uint8_t> bytes = encode_png(picture);
  write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Picture plot(const Plot& plot) {
  std::vector<basin_plot_series> series;
  for (const Series& s : plot.series) {
    const std::size_t n = s.x.size();
    if (s.y.size() != n || (s.lower.size() != n && !s.lower.empty()) || s.lower.size() != s.upper.size())
      throw Error("the series '" + s.name + "' has " + std::to_string(n) + " x values, " + std::to_string(s.y.size()) +
                  " y values and a band of " + std::to_string(s.lower.size()) + " and " +
                  std::to_string(s.upper.size()) + "; all that are given must be equally many.");
    series.push_back({s.name.c_str(), s.x.data(), s.y.data(), s.lower.empty() ? nullptr : s.lower.data(),
                      s.upper.empty() ? nullptr : s.upper.data(), n});
  }
  if (plot.width < 200 || plot.height < 150 || plot.width > 8000 || plot.height > 8000)
    throw Error("a plot is between 200x150 and 8000x8000 pixels, not " + std::to_string(plot.width) + "x" +
                std::to_string(plot.height) + ".");
  const basin_plot given{plot.title.c_str(), plot.x_label.c_str(), plot.y_label.c_str(), series.data(), series.size(),
                         plot.width,         plot.height,          plot.log_x,           plot.log_y};
  basin_image_pixels made{};
  basin_image_error error{};
  if (!table().plot(&given, &made, &error))
    throw Error(std::string("the plot '") + plot.title + "' failed: " + error.text);
  return take(made);
}

namespace {
Picture drawn(const Surface& s, bool solid) {
  const auto ascending = [](const std::vector<double>& v) {
    return v.size() > 1 && std::adjacent_find(v.begin(), v.end(), std::greater_equal<>()) == v.end();
  };
  if (!ascending(s.x) || !ascending(s.y) || s.z.size() != s.x.size() * s.y.size())
    throw Error("the surface '" + s.title + "' has " + std::to_string(s.z.size()) + " values over " +
                std::to_string(s.x.size()) + " x and " + std::to_string(s.y.size()) +
                " y; it takes two or more of each, ascending, and a value for each pair.");
  if (s.width < 200 || s.height < 150 || s.width > 8000 || s.height > 8000)
    throw Error("a surface is between 200x150 and 8000x8000 pixels, not " + std::to_string(s.width) + "x" +
                std::to_string(s.height) + ".");
  if (s.low_z >= s.high_z || (s.log_z && s.low_z <= 0))
    throw Error("the scale of the surface '" + s.title + "' must go up from low to high" +
                (s.log_z ? ", both positive where it is logarithmic" : "") + ".");
  const basin_surface given{s.title.c_str(), s.x_label.c_str(), s.y_label.c_str(), s.z_label.c_str(),
                            s.x.data(),      s.y.data(),        s.z.data(),        s.x.size(),
                            s.y.size(),      s.width,           s.height,          s.log_z,
                            solid,           s.low_z,           s.high_z};
  basin_image_pixels made{};
  basin_image_error error{};
  if (!table().surface(&given, &made, &error))
    throw Error(std::string("the surface '") + s.title + "' failed: " + error.text);
  return take(made);
}
}  // namespace

Picture contour(const Surface& surface) { return drawn(surface, false); }
Picture solid(const Surface& surface) { return drawn(surface, true); }

}  // namespace basin::image
