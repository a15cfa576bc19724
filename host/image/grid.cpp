// N images side by side in one picture, row by row, each pixel repeated scale x scale times.
#include <cmath>

#include "abi/error.hpp"
#include "image/image.hpp"

namespace basin::image {

Picture grid(std::span<const std::uint8_t> images, int count, int channels, int height, int width,
             const GridOptions& options) {
  if (channels != 1 && channels != 3)
    throw Error("a grid shows images of 1 or 3 channels, and these have " + std::to_string(channels) + ".");
  if (count < 1 || height < 1 || width < 1 || options.scale < 1 || options.padding < 0 || options.columns < 0)
    throw Error(
        "a grid needs at least one image of at least one pixel, a scale of at least 1, and no negative padding.");
  const std::size_t size = std::size_t(channels) * height * width;
  if (images.size() != size * count)
    throw Error("a grid of " + std::to_string(count) + " images [" + std::to_string(channels) + "," +
                std::to_string(height) + "," + std::to_string(width) + "] takes " + std::to_string(size * count) +
                " bytes, and " + std::to_string(images.size()) + " came.");

  const int columns = options.columns > 0 ? options.columns : int(std::ceil(std::sqrt(double(count))));
  const int rows = (count + columns - 1) / columns, scale = options.scale, pad = options.padding;
  Picture result;
  result.channels = channels;
  result.width = (columns * (width + pad) + pad) * scale;
  result.height = (rows * (height + pad) + pad) * scale;
  result.pixels.assign(std::size_t(result.width) * result.height * channels, options.background);

  for (int n = 0; n < count; ++n) {
    const int left = (n % columns * (width + pad) + pad) * scale, top = (n / columns * (height + pad) + pad) * scale;
    for (int y = 0; y < height * scale; ++y) {
      std::uint8_t* out = &result.pixels[(std::size_t(top + y) * result.width + left) * channels];
      for (int x = 0; x < width * scale; ++x)
        for (int c = 0; c < channels; ++c)
          *out++ = images[n * size + (std::size_t(c) * height + y / scale) * width + x / scale];
    }
  }
  return result;
}

}  // namespace basin::image
