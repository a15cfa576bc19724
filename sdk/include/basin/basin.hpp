// basin.hpp: the plugin ABI in C++. Header-only, C++17, nothing but the standard library and Basin's C headers.
//
// A component is a plain struct: its name, one table of declared parameters that also fills its fields, and the
// functions of its kind. One macro exports it.
//
//   struct Descent {
//     static constexpr const char* name = "descent";
//     static constexpr const char* summary = "Plain gradient descent.";
//     double lr;
//     static auto parameters() {
//       return basin::declare(basin::number("lr", &Descent::lr, 0.1, "Learning rate.").at_least(0));
//     }
//     basin::Parameters parameters_;
//     void start(basin::Parameters p, basin::State) { parameters_ = p; }
//     basin::LossResult step(const basin::Context&, const basin::Closure& closure) {
//       basin::LossResult result = closure();
//       for (auto& group : parameters_) group.values.add_(group.gradients * group.rate, -lr);
//       return result;
//     }
//   };
//   BASIN_PLUGIN("descent", "1.0.0", "Apache-2.0", "Gradient descent.", basin::OptimizerComponent<Descent>)
#pragma once
#include "cpp/autograd.hpp"
#include "cpp/core.hpp"
#include "cpp/hook.hpp"
#include "cpp/kernel.hpp"
#include "cpp/kinds/averager.hpp"
#include "cpp/kinds/dataset.hpp"
#include "cpp/kinds/metric.hpp"
#include "cpp/kinds/model.hpp"
#include "cpp/kinds/noise_schedule.hpp"
#include "cpp/kinds/optimizer.hpp"
#include "cpp/kinds/quantizer.hpp"
#include "cpp/kinds/sampler.hpp"
#include "cpp/layer.hpp"
#include "cpp/norm.hpp"
#include "cpp/op.hpp"
#include "cpp/options.hpp"
#include "cpp/parameters.hpp"
#include "cpp/plugin.hpp"
#include "cpp/process.hpp"
#include "cpp/random.hpp"
#include "cpp/report.hpp"
#include "cpp/services.hpp"
#include "cpp/tensor.hpp"
#include "cpp/update.hpp"
#include "cpp/validation.hpp"
