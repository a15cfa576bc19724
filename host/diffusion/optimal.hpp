// The best loss that any denoiser can reach on a finite data set, and the denoiser that reaches it ("Optimal loss",
// arXiv 2506.13763, eq. 7 and 9; the closed form is Bayes' rule).
//
// Without scaling, x = x0 + sigma epsilon with x0 drawn from N data points y_n. Then
//   E[x0|x] = sum_n w_n y_n,  w = softmax_n(-|x - y_n|^2 / (2 sigma^2)),
//   J*(sigma) = E |x0 - E[x0|x]|^2 = E tr Var(x0|x).
// A process with alpha, sigma has the J* of sigma-hat = sigma / alpha, so one table serves all processes.
//
// Numerics. Distances are near 10^3 and are divided by sigma^2 down to 4e-6: in fp32 the expanded square is off by
// hundreds of nats at sigma = 0.002, so everything is double. Data is centred, |x|^2 cancels in the softmax and is left
// out, and the products x0 y and epsilon y are made once for all sigma. Weights below exp(-60) of the largest are set
// to exact zeros: they change nothing, and denormal numbers would cost ten times the work.
#pragma once
#include <vector>

#include "abi/aten.hpp"
#include "diffusion/target.hpp"

namespace basin {

struct OptimalLoss {
  double sigma;  // sigma-hat
  // The mean of tr Var(x0|x) over the queries and its standard error: J* when the queries' clean points are drawn from
  // the data. Less noisy than the residual, and never negative.
  double loss, standard_error;
  // The mean of |x0 - E[x0|x]|^2: the same expectation for clean points out of the data (the two differ by chance
  // only), and for points held out an upper bound, on average, of J* of the distribution that both were drawn from.
  double residual, residual_error;
};

// data [N,d] and clean [M,d], noise [M,d] (M >= 2 queries x = clean + sigma noise), float or double, on one device. One
// result for each sigma > 0; the same clean points and noise serve all of them, so the curve is smooth. Sums over the d
// dimensions, not means. Memory: 3 M N + block (M + d) doubles; block is the number of data points handled at once.
// Two products of M N d, and a third for each sigma at which many points compete. Throws Error on shapes, types, sigma.
std::vector<OptimalLoss> optimal_loss(const at::Tensor& data, const at::Tensor& clean, const at::Tensor& noise,
                                      const std::vector<double>& sigmas, int64_t block = 1024);

// E[x0|x] for x [M,d] at one sigma: [M,d], double.
at::Tensor optimal_denoiser(const at::Tensor& data, const at::Tensor& x, double sigma, int64_t block = 1024);

// J*(sigma) of the Gaussian N(mu, s^2 I) in d dimensions: d s^2 sigma^2 / (s^2 + sigma^2).
double gaussian_optimal_loss(int64_t d, double s, double sigma);

// J* of x0, summed over d dimensions, as the mean squared error per dimension of another prediction of a process with
// this alpha and sigma: epsilon (alpha/sigma)^2, v 1/sigma^2 (alpha^2 + sigma^2 = 1), score alpha^2/sigma^4.
double per_dimension(double optimal, int64_t d, Target target, double alpha, double sigma);

}  // namespace basin
