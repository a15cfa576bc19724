// The border between the host and libbasin_image.so: C structs and functions, so that nothing of OpenCV's, no exception
// and no allocator crosses. Both sides come out of one build; the number in the symbol's name changes with this file.
#pragma once
#include <cstddef>
#include <cstdint>

#define BASIN_IMAGE_SYMBOL "basin_image_table_2"

extern "C" {

// Pixels that belong to `owner`, until table.release.
struct basin_image_pixels {
  const std::uint8_t* data;  // [H,W,C], or plain bytes (width = their number) for an encoded file
  std::size_t width, height, channels;
  void* owner;
};

struct basin_plot_series {
  const char* name;
  const double *x, *y, *lower, *upper;  // [count]; lower and upper may be null
  std::size_t count;
};

struct basin_plot {
  const char *title, *x_label, *y_label;
  const basin_plot_series* series;
  std::size_t n_series;
  int width, height;
  bool log_x, log_y;
};

struct basin_surface {
  const char *title, *x_label, *y_label, *z_label;
  const double *x, *y, *z;  // [n_x], [n_y], ascending; z [n_y,n_x]
  std::size_t n_x, n_y;
  int width, height;
  bool log_z, solid;     // solid: in three dimensions, else contours
  double low_z, high_z;  // ends of the scale; NaN: of the values
};

// A sentence for the caller, cut to its length.
struct basin_image_error {
  char text[512];
};

// Each returns true, or false with a sentence in *error and nothing to release.
struct basin_image_table {
  bool (*decode)(const std::uint8_t* bytes, std::size_t size, int channels, basin_image_pixels* out,
                 basin_image_error* error);
  bool (*encode_png)(const std::uint8_t* pixels, std::size_t width, std::size_t height, std::size_t channels,
                     basin_image_pixels* out, basin_image_error* error);
  bool (*plot)(const basin_plot* plot, basin_image_pixels* out, basin_image_error* error);
  bool (*surface)(const basin_surface* surface, basin_image_pixels* out, basin_image_error* error);
  void (*release)(basin_image_pixels* pixels);
};

}  // extern "C"
