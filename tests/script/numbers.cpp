// Numbers and tables for people.
#include "script/numbers.hpp"

#include "catch.hpp"

using namespace basin::script;

TEST_CASE("a number has the digits that say something") {
  CHECK(number_text(0) == "0");
  CHECK(number_text(512) == "512");
  CHECK(number_text(-3) == "-3");
  CHECK(number_text(1e9) == "1000000000");
  CHECK(number_text(0.03125) == "0.03125");
  CHECK(number_text(0.0312499) == "0.03125");
  CHECK(number_text(1.23456) == "1.235");
  CHECK(number_text(12345.6) == "12346");
  CHECK(number_text(1.5e-7) == "1.5e-07");
  CHECK(number_text(NAN) == "nan");
  CHECK(number_text(-INFINITY) == "-inf");
}

TEST_CASE("an interval decides the digits of its number") {
  CHECK(interval_text(12.345, 11.91, 12.78) == "12.3 [11.9, 12.8]");
  CHECK(interval_text(1.23456, 1.13, 1.33) == "1.23 [1.13, 1.33]");
  CHECK(interval_text(0.0501, 0.0499, 0.0503) == "0.0501 [0.0499, 0.0503]");
  CHECK(interval_text(1234.5, 1200, 1260) == "1234 [1200, 1260]");
  CHECK(interval_text(2e-6, 1e-6, 3e-6) == "2e-06 [1e-06, 3e-06]");
  CHECK(interval_text(1.5, NAN, NAN) == "1.5");
  CHECK(interval_text(1.5, 1.5, 1.5) == "1.500 [1.500, 1.500]");
}

TEST_CASE("columns line up, by characters and not by bytes") {
  const Cell one{"", true, 0.5}, two{"", true, 12.25}, text{"é"}, none{"-"};
  CHECK(table_text({"a", "b"}, {{text, one}, {Cell{"xyz"}, two}, {none, none}}) ==
        "a         b\n"
        "---  ------\n"
        "é     0.500\n"
        "xyz  12.250\n"
        "-         -\n");
  CHECK(table_text({"empty"}, {}) == "empty\n-----\n");
}
