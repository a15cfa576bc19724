// Image files for data set plugins: BASIN_IMAGE_INTERFACE over host/image.
#include "data/images.hpp"

#include <basin/dataset.h>

#include "image/image.hpp"

namespace basin {

namespace {

void to_planes(const image::Picture& picture, uint8_t* out) {  // [H,W,3] -> [3,H,W]
  const size_t area = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  for (size_t i = 0; i < area; i++)
    for (size_t c = 0; c < 3; c++) out[c * area + i] = picture.pixels[3 * i + c];
}

basin_status read(const char* path, int64_t size, uint8_t* out) {
  return guard([&] { to_planes(image::center_crop(image::read(path), static_cast<int>(size)), out); });
}

basin_status resize(const uint8_t* pixels, int64_t height, int64_t width, int64_t size, uint8_t* out) {
  return guard([&] {
    image::Picture picture;
    picture.width = static_cast<int>(width);
    picture.height = static_cast<int>(height);
    const auto area = static_cast<size_t>(width * height);
    picture.pixels.resize(3 * area);
    for (size_t i = 0; i < area; i++)
      for (size_t c = 0; c < 3; c++) picture.pixels[3 * i + c] = pixels[c * area + i];
    to_planes(image::center_crop(picture, static_cast<int>(size)), out);
  });
}

basin_status decode(const void* bytes, uint64_t count, const char* name, int64_t size, uint8_t* out, int64_t* height,
                    int64_t* width) {
  return guard([&] {
    const image::Picture picture = image::decode({static_cast<const uint8_t*>(bytes), count}, name);
    if (height) *height = picture.height;
    if (width) *width = picture.width;
    if (size > 0) to_planes(image::center_crop(picture, static_cast<int>(size)), out);
  });
}

const basin_image_interface kInterface = {sizeof kInterface, read, resize, decode};

}  // namespace

void add_image_interface() { add_interface(BASIN_IMAGE_INTERFACE, &kInterface); }

}  // namespace basin
