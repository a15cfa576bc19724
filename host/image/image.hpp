// Pictures: reading, writing, resizing, grids, line plots and surfaces.
//
// Resizing and grids are plain C++ and always there. Reading, writing and plotting are OpenCV's work, which lives in a
// module of its own (libbasin_image.so) that is opened on first use, so that a machine without OpenCV can still train.
// Pictures are always 8 bits a channel, rows from top to bottom, channels interleaved: pixels [H,W,C], RGB or grey.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace basin::image {

struct Picture {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;  // [H,W,C]
};

// ---- plain C++ ------------------------------------------------------------------------------------------------------

// To `width` x `height` with a filter whose support grows when shrinking, rounded to 8 bits after each direction: the
// same integers as Pillow's Image.resize with BOX and BICUBIC (a = -1/2), which guided-diffusion's data went through.
enum class Filter { box, bicubic };
Picture resize(const Picture& picture, int width, int height, Filter filter);

// guided-diffusion's center_crop_arr (image_datasets.py:115-143): halve with a box while the short side is at least
// twice `size`, bicubic until the short side is `size`, then the middle [size,size,C].
Picture center_crop(const Picture& picture, int size);

struct GridOptions {
  int columns = 0;  // 0: as square as possible
  int padding = 2;  // pixels between and around the images, before scaling
  int scale = 1;    // each pixel becomes scale x scale
  std::uint8_t background = 255;
};

// images: uint8 [N,C,H,W] with C = 1 or 3, as a model writes them. Row by row; unfilled places stay background.
Picture grid(std::span<const std::uint8_t> images, int count, int channels, int height, int width,
             const GridOptions& options = {});

// ---- through OpenCV -------------------------------------------------------------------------------------------------

// One curve. Values that are not finite break the line. lower and upper are empty or as long as x: a band around y.
struct Series {
  std::string name;  // for the legend; empty: not listed
  std::vector<double> x, y, lower, upper;
};

struct Plot {
  std::string title, x_label, y_label;
  std::vector<Series> series;
  int width = 900, height = 560;      // pixels
  bool log_x = false, log_y = false;  // values that are not positive are left out
};

// z over a plane. Values that are not finite leave a hole.
struct Surface {
  std::string title, x_label, y_label, z_label;
  std::vector<double> x, y, z;    // two values at least, ascending; z [y,x]
  int width = 760, height = 600;  // pixels
  bool log_z = false;             // values that are not positive are left out
  // The ends of the scale, so that several pictures can have one; NaN: the values' own. What lies beyond looks like the end.
  double low_z = std::numeric_limits<double>::quiet_NaN(), high_z = std::numeric_limits<double>::quiet_NaN();
};

// True where the module can be opened. [any thread]
bool available();

// Each opens the module on first use; where that fails, or OpenCV does, basin::Error with one sentence that names the
// package or the file. [any thread]
//
// channels: 3 (RGB; alpha is dropped, grey repeated) or 1 (grey). `name` is how errors call the picture. EXIF rotation
// is ignored, as in guided-diffusion. A file that ends early is an error, even where its beginning could be shown.
Picture decode(std::span<const std::uint8_t> bytes, const std::string& name = "the image", int channels = 3);
Picture read(const std::filesystem::path& file, int channels = 3);
std::vector<std::uint8_t> encode_png(const Picture& picture);
void write_png(const std::filesystem::path& file, const Picture& picture);  // whole or not at all (plugin/files.hpp)
Picture plot(const Plot& plot);
Picture contour(const Surface& surface);  // seen from above, with lines of equal z
Picture solid(const Surface& surface);    // in three dimensions

}  // namespace basin::image
