// basin.estimate: what numbers of several seeds come to.
#include <boost/math/distributions/students_t.hpp>

#include "script/engine.hpp"
#include "script/numbers.hpp"
#include "script/result.hpp"

namespace basin::script {
namespace {

// A number of the list: what was measured counts with its value, not with its own interval.
double number_at(lua_State* L, int index, lua_Integer i) {
  if (lua_type(L, index) == LUA_TNUMBER) return lua_tonumber(L, index);
  if (const Result* result = test<Result>(L, index)) return result->value().value;
  if (const Estimate* e = test<Estimate>(L, index)) return e->value;
  throw Error("basin.estimate: value " + std::to_string(i) + " must be a number or a result, got " +
              describe(L, index));
}

// mean +- t s / sqrt(n), t the 97.5 % quantile of Student's distribution with n - 1 degrees of freedom.
int estimate(Call& c) {
  const int list = c.index("values");
  std::vector<double> values;
  for (lua_Integer i = 1, n = static_cast<lua_Integer>(lua_rawlen(c.L, list)); i <= n; ++i) {
    lua_rawgeti(c.L, list, i);
    values.push_back(number_at(c.L, -1, i));
    lua_pop(c.L, 1);
    if (!std::isfinite(values.back()))
      throw Error("basin.estimate: value " + std::to_string(i) + " is " + number_text(values.back()) +
                  ", and no mean can hold it");
  }
  if (values.empty())
    throw Error(
        "basin.estimate takes a list of at least one number, one for each seed: basin.estimate { 4.2, 3.9, 4.4 }");
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  Estimate found{mean};
  if (n > 1) {
    const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
    const double half = t * std::sqrt(squares / (n - 1) / n);
    found.low = mean - half, found.high = mean + half;
  }
  return give(c.L, found);
}

}  // namespace

void add_estimates(lua_State* L, int library) {
  static const Function function{
      {.name = "basin.estimate",
       .summary =
           "The mean of numbers, one for each seed, with its 95 % interval of Student's t; of one number without one.",
       .fields = {{"values", "list",
                   "Numbers or results; those of differences seed by seed, where two rows are compared."}},
       .returns = "estimate",
       .example = "print(basin.estimate { 4.2, 3.9, 4.4 })"},
      estimate};
  push(L, function);
  lua_setfield(L, library, "estimate");
}

}  // namespace basin::script
