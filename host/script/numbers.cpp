// Numbers and tables for people, see the header.
#include "script/numbers.hpp"

#include <algorithm>
#include <cstdio>

namespace basin::script {
namespace {

std::string fixed(double value, int decimals) {
  char text[400];  // the longest double has 309 digits before the point
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

bool whole(double value) { return value == std::floor(value) && std::abs(value) < 1e15; }

// Decimals that give a number of this size `digits` significant ones.
int decimals_for(double size, int digits) {
  if (!(size > 0) || !std::isfinite(size)) return 0;
  return std::clamp(digits - 1 - static_cast<int>(std::floor(std::log10(size))), 0, 12);
}

int interval_decimals(const Cell& cell) {
  const double width = cell.high - cell.low;
  if (!(width > 0)) return decimals_for(std::abs(cell.value), 4);
  const int tens = static_cast<int>(std::floor(std::log10(width)));
  return std::clamp(-tens + (width / std::pow(10, tens) < 3 ? 1 : 0), 0, 12);
}

bool has_interval(const Cell& cell) { return cell.number && std::isfinite(cell.low) && std::isfinite(cell.high); }

// Decimals that a column's plain numbers share; -1 where they are too far apart for that, -2 where all are whole.
int column_decimals(const std::vector<std::vector<Cell>>& rows, size_t column) {
  double largest = 0, least = HUGE_VAL;
  bool all_whole = true;
  for (const auto& row : rows) {
    if (column >= row.size() || !row[column].number || has_interval(row[column]) || !std::isfinite(row[column].value))
      continue;
    const double size = std::abs(row[column].value);
    all_whole = all_whole && whole(row[column].value);
    largest = std::max(largest, size);
    if (size > 0) least = std::min(least, size);
  }
  if (all_whole) return -2;
  if (largest >= 1e7 || largest < 1e-4 || largest / least > 2000) return -1;
  return std::max(decimals_for(largest, 4), decimals_for(least, 3));
}

std::string cell_text(const Cell& cell, int decimals) {
  if (!cell.number) return cell.text;
  if (has_interval(cell)) return interval_text(cell.value, cell.low, cell.high);
  if (!std::isfinite(cell.value) || decimals < 0) return number_text(cell.value);
  return fixed(cell.value, decimals);
}

}  // namespace

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (whole(value)) return fixed(value, 0);
  char text[40];
  std::snprintf(text, sizeof text, "%.4g", value);
  // %g turns to an exponent early: 12345.6 has its digits before the point.
  return std::abs(value) >= 1e4 && std::abs(value) < 1e7 ? fixed(value, 0) : text;
}

std::string interval_text(double value, double low, double high) {
  const Cell cell{"", true, value, low, high};
  if (!has_interval(cell)) return number_text(value);
  const int decimals = interval_decimals(cell);
  // Very small numbers are easier to read with an exponent.
  if (std::max({std::abs(value), std::abs(low), std::abs(high)}) < 1e-4) {
    char text[120];
    std::snprintf(text, sizeof text, "%.3g [%.3g, %.3g]", value, low, high);
    return text;
  }
  return fixed(value, decimals) + " [" + fixed(low, decimals) + ", " + fixed(high, decimals) + "]";
}

int columns_of(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string table_text(const std::vector<std::string>& columns, const std::vector<std::vector<Cell>>& rows) {
  std::vector<int> widths;
  std::vector<bool> right;
  std::vector<std::vector<std::string>> texts(rows.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    const int decimals = column_decimals(rows, c);
    int width = columns_of(columns[c]);
    bool numbers = false, others = false;
    for (size_t r = 0; r < rows.size(); ++r) {
      const Cell cell = c < rows[r].size() ? rows[r][c] : Cell{};
      texts[r].push_back(cell_text(cell, decimals));
      width = std::max(width, columns_of(texts[r].back()));
      numbers = numbers || cell.number;
      others = others || (!cell.number && !cell.text.empty() && cell.text != "-");
    }
    widths.push_back(width);
    right.push_back(numbers && !others);
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(static_cast<size_t>(widths[c] - columns_of(cells[c])), ' ');
      text += (c ? "  " : "") + (right[c] ? pad + cells[c] : cells[c] + pad);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(columns);
  std::vector<std::string> rule;
  for (int width : widths) rule.push_back(std::string(static_cast<size_t>(width), '-'));
  line(rule);
  for (const auto& row : texts) line(row);
  return out;
}

}  // namespace basin::script
