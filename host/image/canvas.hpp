// Inside libbasin_image.so: what plots and surfaces are drawn on. Everything is drawn three times as large, then averaged
// down, so that lines and Hershey's stroke fonts come out smooth. Lengths are pixels of the finished picture.
#pragma once
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

namespace basin::image {

constexpr int kOver = 3;   // supersampling
constexpr int kShift = 4;  // sub-pixel bits of OpenCV's drawing functions

// Colours are RGB.
inline const cv::Scalar kPaper(255, 255, 255), kArea(250, 250, 251), kGrid(228, 230, 235), kMinor(240, 241, 244),
    kFrame(150, 154, 163), kInk(45, 48, 56);

// Hershey's fonts know ASCII only: the letters that papers use are spelled, anything else becomes '?'.
std::string ascii(const char* text);

struct Canvas {
  cv::Mat mat;  // RGB, kOver times as large

  static cv::Point fixed(double x, double y) {
    return {int(std::lround(x * kOver * (1 << kShift))), int(std::lround(y * kOver * (1 << kShift)))};
  }
  void line(double x0, double y0, double x1, double y1, const cv::Scalar& color, double width) {
    cv::line(mat, fixed(x0, y0), fixed(x1, y1), color, std::max(1, int(std::lround(width * kOver))), cv::LINE_AA,
             kShift);
  }
  void fill(cv::Rect2d box, const cv::Scalar& color, double alpha = 1) {
    const cv::Rect pixels(
        cv::Point(int(std::lround(box.x * kOver)), int(std::lround(box.y * kOver))),
        cv::Point(int(std::lround((box.x + box.width) * kOver)), int(std::lround((box.y + box.height) * kOver))));
    cv::Mat part = mat(pixels & cv::Rect(0, 0, mat.cols, mat.rows));
    cv::addWeighted(part, 1 - alpha, cv::Mat(part.size(), part.type(), color), alpha, 0, part);
  }
};

// Text whose capitals are `height` pixels tall.
struct Text {
  std::string words;
  double height;
  bool bold = false;
  double scale() const { return height * kOver / 21.0; }  // Hershey capitals are 21 units tall
  int thickness() const { return std::max(1, int(std::lround(height * kOver * (bold ? 0.16 : 0.105)))); }
  double width() const {
    int base = 0;
    return cv::getTextSize(words, cv::FONT_HERSHEY_SIMPLEX, scale(), thickness(), &base).width / double(kOver);
  }
  // x: 0 left, 0.5 centred, 1 right of the given point; y is the base line
  void draw(Canvas& canvas, double x, double y, double align, const cv::Scalar& color) const {
    const cv::Point at(int(std::lround((x - align * width()) * kOver)), int(std::lround(y * kOver)));
    cv::putText(canvas.mat, words, at, cv::FONT_HERSHEY_SIMPLEX, scale(), color, thickness(), cv::LINE_AA);
  }
  // Reads upwards, centred on (x, y); x is the base line.
  void draw_upwards(Canvas& canvas, double x, double y, const cv::Scalar& color, const cv::Scalar& paper) const {
    Canvas strip{cv::Mat(int(height * 2 * kOver), int((width() + 8) * kOver), CV_8UC3, paper)};
    draw(strip, 4, height * 1.5, 0, color);
    cv::Mat turned;
    cv::rotate(strip.mat, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
    const cv::Rect to(int((x - height * 1.5) * kOver), int(y * kOver) - turned.rows / 2, turned.cols, turned.rows);
    const cv::Rect seen = to & cv::Rect(0, 0, canvas.mat.cols, canvas.mat.rows);
    if (!seen.empty()) turned(seen - to.tl()).copyTo(canvas.mat(seen));
  }
};

}  // namespace basin::image
