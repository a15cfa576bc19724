// Inside libbasin_image.so: line plots and surfaces drawn with OpenCV.
#pragma once
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "image/table.hpp"

namespace basin::image {

// RGB, given.width x given.height. Throws std::runtime_error with a sentence.
cv::Mat draw_plot(const basin_plot& given);

// Contours, or the surface in three dimensions. Likewise.
cv::Mat draw_surface(const basin_surface& given);

// One axis: data to [0, 1], and where its labels stand.
struct Axis {
  double low = 0, high = 1;  // after the logarithm, where there is one
  bool log = false;
  struct Tick {
    double at;  // 0 to 1
    std::string label;
  };
  std::vector<Tick> ticks;
  std::vector<double> minor;  // 0 to 1

  bool shows(double value) const;
  double place(double value) const;  // 0 to 1 inside the axis; value must be shown
};

// An axis that holds low and high (data values) with a margin, its ticks at round numbers about `count` in all.
Axis make_axis(double low, double high, bool log, int count, bool margin);

}  // namespace basin::image
