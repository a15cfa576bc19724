// Inside libbasin_image.so: is a PNG or JPEG file whole? Asked before OpenCV, because libjpeg shows half a file as a
// picture, and libpng prints to the terminal.
#pragma once
#include <cstddef>
#include <cstdint>

namespace basin::image {

// What is wrong with a file that begins like a PNG or a JPEG, as the beginning of a sentence; null: nothing found.
const char* damage(const std::uint8_t* bytes, std::size_t size);

}  // namespace basin::image
