// Separable resampling in integers, and guided-diffusion's crop. The rule (Pillow's documentation of its filters, and
// measured against Pillow in tests/image): output pixel i looks at position (i + 1/2) * scale - 1/2 of the input, the
// filter is stretched by the scale when shrinking, weights are normalized and rounded to 22 bits after the point, and
// the result is rounded and clipped to 8 bits after the horizontal and again after the vertical pass.
#include <basin/core.h>

#include <algorithm>
#include <cmath>

#include "abi/error.hpp"
#include "image/image.hpp"

namespace basin::image {
namespace {

constexpr int kBits = 22;  // of weight after the point: 8 bits of pixel, 2 of overshoot, 32 in all

double weight(Filter filter, double x) {
  if (filter == Filter::box) return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
  constexpr double a = -0.5;  // Keys' cubic convolution
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

struct Taps {
  int first;  // the input pixel that weights[0] is for
  std::vector<std::int32_t> weights;
};

std::vector<Taps> make_taps(int in, int out, Filter filter) {
  const double scale = double(in) / out, stretch = std::max(scale, 1.0);
  const double support = (filter == Filter::box ? 0.5 : 2.0) * stretch;
  std::vector<Taps> taps(out);
  std::vector<double> exact;
  for (int i = 0; i < out; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, int(center - support + 0.5));
    const int last = std::min(in, int(center + support + 0.5));
    double sum = 0;
    exact.clear();
    for (int k = first; k < last; ++k) {
      exact.push_back(weight(filter, (k - center + 0.5) / stretch));
      sum += exact.back();
    }
    taps[i].first = first;
    for (double w : exact) taps[i].weights.push_back(std::int32_t(std::lround(w / sum * (1 << kBits))));
  }
  return taps;
}

std::uint8_t clip(std::int64_t sum) { return std::uint8_t(std::clamp<std::int64_t>(sum >> kBits, 0, 255)); }

// Resamples one direction: `lines` lines of `in` pixels; neighbours along the direction lie `step` bytes apart.
void pass(const std::vector<Taps>& taps, const std::uint8_t* in, std::uint8_t* out, int bytes, std::size_t in_step) {
  for (const Taps& tap : taps) {
    for (int b = 0; b < bytes; ++b) {
      std::int64_t sum = std::int64_t(1) << (kBits - 1);
      const std::uint8_t* source = in + tap.first * in_step + b;
      for (std::int32_t w : tap.weights) sum += std::int64_t(w) * *source, source += in_step;
      *out++ = clip(sum);
    }
  }
}

}  // namespace

Picture resize(const Picture& picture, int width, int height, Filter filter) {
  if (picture.width < 1 || picture.height < 1 || width < 1 || height < 1)
    throw Error("an image of " + std::to_string(picture.width) + "x" + std::to_string(picture.height) +
                " cannot be resized to " + std::to_string(width) + "x" + std::to_string(height) +
                "; every side must be at least 1 pixel.");
  const int channels = picture.channels;
  Picture wide = picture;
  if (width != picture.width) {
    wide = {width, picture.height, channels, std::vector<std::uint8_t>(std::size_t(width) * picture.height * channels)};
    const auto taps = make_taps(picture.width, width, filter);
    for (int y = 0; y < picture.height; ++y)
      pass(taps, &picture.pixels[std::size_t(y) * picture.width * channels],
           &wide.pixels[std::size_t(y) * width * channels], channels, channels);
  }
  if (height == picture.height) return wide;
  Picture result{width, height, channels, std::vector<std::uint8_t>(std::size_t(width) * height * channels)};
  const int row = width * channels;
  pass(make_taps(picture.height, height, filter), wide.pixels.data(), result.pixels.data(), row, row);
  return result;
}

Picture center_crop(const Picture& picture, int size) {
  if (size < 1) throw Error("an image cannot be cropped to " + std::to_string(size) + " pixels; give at least 1.");
  Picture whole = picture;
  while (std::min(whole.width, whole.height) >= 2 * size)
    whole = resize(whole, whole.width / 2, whole.height / 2, Filter::box);
  const double scale = double(size) / std::min(whole.width, whole.height);
  // nearbyint rounds halves to even, as Python's round() does
  whole = resize(whole, int(std::nearbyint(whole.width * scale)), int(std::nearbyint(whole.height * scale)),
                 Filter::bicubic);
  const int left = (whole.width - size) / 2, top = (whole.height - size) / 2, channels = whole.channels;
  Picture result{size, size, channels, {}};
  result.pixels.reserve(std::size_t(size) * size * channels);
  for (int y = 0; y < size; ++y) {
    const auto row = whole.pixels.begin() + (std::size_t(top + y) * whole.width + left) * channels;
    result.pixels.insert(result.pixels.end(), row, row + std::size_t(size) * channels);
  }
  return result;
}

}  // namespace basin::image
