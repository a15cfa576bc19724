// libbasin_image.so: OpenCV behind a table of C functions. Codecs here, drawing in plot.cpp and surface.cpp.
#include "image/table.hpp"

#include <cstdio>
#include <exception>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "image/damage.hpp"
#include "image/plot.hpp"

namespace {

// Runs body, and turns whatever it throws into a sentence.
template <class Body>
bool guarded(basin_image_error* error, Body body) {
  try {
    body();
    return true;
  } catch (const cv::Exception& e) {
    std::snprintf(error->text, sizeof error->text, "OpenCV says: %s.", e.err.c_str());
  } catch (const std::exception& e) {
    std::snprintf(error->text, sizeof error->text, "%s", e.what());
  } catch (...) {
    std::snprintf(error->text, sizeof error->text, "an unknown error.");
  }
  return false;
}

void hand_out(cv::Mat picture, basin_image_pixels* out) {
  if (!picture.isContinuous()) picture = picture.clone();
  auto owner = std::make_unique<cv::Mat>(std::move(picture));
  *out = {owner->data, std::size_t(owner->cols), std::size_t(owner->rows), std::size_t(owner->channels()), owner.get()};
  owner.release();
}

bool decode(const std::uint8_t* bytes, std::size_t size, int channels, basin_image_pixels* out,
            basin_image_error* error) {
  return guarded(error, [&] {
    if (size == 0) throw std::runtime_error("it is empty.");
    if (const char* damage = basin::image::damage(bytes, size))
      throw std::runtime_error(std::string(damage) + " (it has " + std::to_string(size) + " bytes); copy it anew.");
    const cv::Mat encoded(1, int(size), CV_8U, const_cast<std::uint8_t*>(bytes));
    const int mode = (channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR) | cv::IMREAD_IGNORE_ORIENTATION;
    cv::Mat picture = cv::imdecode(encoded, mode);
    if (picture.empty())
      throw std::runtime_error("its " + std::to_string(size) +
                               " bytes are not a whole image in a known format (PNG, JPEG, WebP, BMP, TIFF, PPM).");
    if (channels == 3) cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
    hand_out(picture, out);
  });
}

bool encode_png(const std::uint8_t* pixels, std::size_t width, std::size_t height, std::size_t channels,
                basin_image_pixels* out, basin_image_error* error) {
  return guarded(error, [&] {
    cv::Mat picture(int(height), int(width), CV_8UC(int(channels)), const_cast<std::uint8_t*>(pixels));
    if (channels == 3) {
      cv::Mat bgr;
      cv::cvtColor(picture, bgr, cv::COLOR_RGB2BGR);
      picture = bgr;
    }
    std::vector<std::uint8_t> bytes;
    cv::imencode(".png", picture, bytes);
    hand_out(cv::Mat(bytes, true).reshape(1, 1), out);
  });
}

bool plot(const basin_plot* given, basin_image_pixels* out, basin_image_error* error) {
  return guarded(error, [&] { hand_out(basin::image::draw_plot(*given), out); });
}

bool surface(const basin_surface* given, basin_image_pixels* out, basin_image_error* error) {
  return guarded(error, [&] { hand_out(basin::image::draw_surface(*given), out); });
}

void release(basin_image_pixels* pixels) {
  delete static_cast<cv::Mat*>(pixels->owner);
  *pixels = {};
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const basin_image_table* basin_image_table_2() {
  // Basin has one thread pool, and it is not this one; errors travel as sentences, not as lines in the terminal.
  cv::setNumThreads(1);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
  static const basin_image_table table{decode, encode_png, plot, surface, release};
  return &table;
}
