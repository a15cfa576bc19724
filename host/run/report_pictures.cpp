// The report's pictures: sample grids as they were written, and those of one seed cell by cell.
#include <cmath>

#include "abi/error.hpp"
#include "plugin/files.hpp"
#include "run/cells.hpp"
#include "run/chart.hpp"
#include "run/parts.hpp"

namespace basin {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kLargestPicture = 8 << 20;  // bytes; a larger one is named, not shown
constexpr int kTiles = 24;                     // cells shown of a grid; the whole grids stand below

std::string base64(std::string_view bytes) {
  static const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t three = 0;
    for (size_t i = 0; i < 3; i++)
      three = three << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    for (size_t i = 0; i < 4; i++) out += at + i <= bytes.size() ? digits[three >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

// "ema-8-bits" of ema-8-bits-15a2d243209a.png, whose end tells settings apart that have one label.
std::string caption_of(const fs::path& picture) {
  const std::string stem = picture.stem();
  const size_t dash = stem.rfind('-');
  return dash == stem.npos || stem.size() - dash != 13 ? stem : stem.substr(0, dash);
}

std::string grids(const Everything& all) {
  std::string body;
  for (const auto& run : all.runs)
    for (const auto& file : run.pictures) {
      const std::string caption = (all.runs.size() > 1 ? run.label + ": " : "") + caption_of(file);
      std::error_code error;
      const auto size = fs::file_size(file, error);
      try {
        body += "<figure><figcaption>" + html_of(caption) + "</figcaption>";
        if (error || size > kLargestPicture)
          body += "<p class=\"soft\">too large to be shown here: " + html_of(file.string()) + "</p>";
        else body += img(caption, read_file(file));
      } catch (const Error& e) {
        body += "<p class=\"problem\">" + html_of(e.what()) + "</p>";
      }
      body += "</figure>\n";
    }
  return body.empty() ? "" : "<div class=\"grids\">" + body + "</div>\n";
}

std::string tiles(const Cells& cells) {
  std::string out = "<h3>" + html_of(cells.title) + ", cell by cell</h3>\n<p class=\"soft\">From top to bottom: ";
  for (size_t i = 0; i < cells.subjects.size(); i++) out += (i ? ", " : "") + html_of(cells.subjects[i]);
  out += ". Every tile began from the same noise; under it the image's number, and how far the ";
  out += cells.subjects.size() > 2 ? "farthest of the others is" : "second is";
  out += " from the first (root mean squared difference in grey levels, 0 to 255).";
  for (const auto& caveat : cells.caveats) out += " Not one method: " + html_of(caveat) + ".";
  out += "</p>\n<div class=\"tiles\">";
  for (int cell = 0; cell < std::min(cells.count, kTiles); cell++) {
    double most = 0;
    for (size_t subject = 1; subject < cells.subjects.size(); subject++)
      most = std::max(most, cells.difference(subject, cell));
    const auto png = image::encode_png(cells.tile(cell));
    const std::string number = std::to_string(cells.first + cell);
    out += "<figure>" + img("image " + number, {reinterpret_cast<const char*>(png.data()), png.size()}) +
           "<figcaption>" + number + " <small>" + number_of(std::round(most * 10) / 10) +
           "</small></figcaption></figure>";
  }
  return out + "</div>\n";
}

}  // namespace

std::string img(const std::string& alt, std::string_view png) {
  return "<img alt=\"" + html_of(alt) + "\" src=\"data:image/png;base64," + base64(png) + "\">";
}

std::string pictures_html(const Everything& all, std::vector<std::string>& problems) {
  std::string out;
  try {
    for (const Cells& cells : cells_of(all, problems)) out += tiles(cells);
  } catch (const Error& e) {  // a machine without OpenCV
    problems.push_back(std::string("samples are not shown cell by cell: ") + e.what());
  }
  out += grids(all);
  return out.empty() ? "" : "<h2>Samples</h2>\n" + out;
}

}  // namespace basin
