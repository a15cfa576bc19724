// Numbers and tables for people: as many digits as say something, columns that line up.
#pragma once
#include <cmath>
#include <string>
#include <vector>

namespace basin::script {

// Four significant digits, "0.03125", "1.5e-07", "512"; whole numbers as they are.
std::string number_text(double value);
// "1.23 [1.13, 1.33]": digits by the width of the interval; without finite bounds, number_text.
std::string interval_text(double value, double low, double high);

struct Cell {
  std::string text;  // of a cell that is no number
  bool number = false;
  double value = 0, low = NAN, high = NAN;
};

// A header, a rule, a line a row; numbers of a column share their decimals and stand to the right. Ends with a newline.
std::string table_text(const std::vector<std::string>& columns, const std::vector<std::vector<Cell>>& rows);

int columns_of(const std::string& text);  // UTF-8 characters, each one column wide

}  // namespace basin::script
