-- Theorem 1 and Corollary 1: a perturbation of the weights is a tilt e^-I of the prior.
local basin = require "basin"
local theory = require "theory.formulas"
local on = require "theory.setting"
local verdicts = require "theory.verdicts"
local args, right = basin.args, theory.right
local claim, largest, worst = verdicts.claim, verdicts.largest, verdicts.worst
local vector, mean, proportion = verdicts.vector, verdicts.mean, verdicts.proportion
local model, relu, x = on.model, on.relu, on.x

-- ---- Theorem 1 ------------------------------------------------------------------------------------------------------

-- (11)  L(x; theta + delta, p) = L(x; theta, p-hat), the right side by differentiating log p-hat = log p - I.
local function equality(of, tilt)
  return largest(args.perturbations, function(i)
    local delta, exponent = tilt(i)
    local left = theory.loss(of, on.theta + delta, x, on.log_p)
    local hat = theory.loss(of, on.theta, x, function(at) return on.log_p(at) - exponent(at) end)
    local off, at = worst((left - hat):abs() / (1 + left))
    return off, ("at x = %s the losses are %.4g and %.4g"):format(vector(x[at]), left[at]:item(), hat[at]:item())
  end)
end
local compared = ([[
largest |L(x; theta + delta, p) - L(x; theta, p-hat)| / (1 + L), p a mixture of 3 Gaussians,
%d delta, %d x each, %s]]):format(args.perturbations, #x, on.where)

claim {
  "Theorem 1, the factor 1/m of I: (12), (S10) against (S9), (S16)", of = "exponent",
  computed = compared,
  printed = "I = x' delta_w x / 2 + x' delta_u + C",
  right = "I = (x' delta_w x / 2 + x' delta_u) / m + C",
  tolerance = 1e-10,
  check = function(exponent)
    return equality(model, function(i)
      return on.symmetric[i], function(at) return exponent(model, on.symmetric[i], at) end
    end)
  end,
}
claim {
  "Theorem 1, its condition on delta, which the supplement's statement lacks", of = "perturbation",
  computed = compared,
  printed = "for every delta",
  right = "for every delta with delta W' = W delta'",
  tolerance = 1e-10,
  check = function(perturbation)
    return equality(model, function(i)
      local delta = perturbation(model, on.seed(100 + i))
      return delta, function(at) return right.exponent(model, delta, at) end
    end)
  end,
}
local positive = (on.standard:matmul(relu.W) + relu.a):gt(0):all(2):sum():item()
claim {
  "Theorem 1, its assumption of positive outputs (S8), for ReLU", of = "tilt",
  computed = compared .. ("\nP(all outputs positive) for x ~ N(0, I): %d of %d, within [%.2g, %.2g]"):format(
    positive, args.draws, proportion(positive, args.draws)),
  printed = "I as for the identity, delta W' symmetric",
  right = "delta = W diag(c), I = sum_j c_j S((W'x + U'e)_j) / m + C with S' = sigma: any sigma, no assumption",
  tolerance = 1e-10,
  check = function(tilt)
    return equality(relu, function(i) return tilt(relu, on.seed(100 + i)) end)
  end,
}
claim {
  "Theorem 1, the C with which p-hat integrates to 1, for p = N(0, I)", of = "radius",
  computed = [[
log of the integral of e^-I p over [-800, 800] less that over [-400, 400], along the first singular
vector of W, for the delta that widens p most; ]] .. on.where,
  printed = "exists for every delta (here ||delta|| = 1.05 m / ||W||)",
  right = "exists where ||delta|| < m / ||W|| (here 0.95 m / ||W||)",
  tolerance = 1e-6,
  check = function(radius)
    local delta, u = theory.widest(model, radius(model)), model.W:svd()
    local function log_integral(to)
      local r = basin.linspace(-to, to, 40 * to + 1, "float64"):unsqueeze(2)
      local log_density = -r:flatten() ^ 2 / 2 - right.exponent(model, delta, r * u[{ {}, 1 }])
      local most = log_density:max():item()
      return most + math.log((log_density - most):exp():sum():item())
    end
    return log_integral(800) - log_integral(400), ("sigma_1 = %.3g"):format(theory.eigenvalues(model, delta)[1]:item())
  end,
}
claim {
  "Theorem 1 for the training loss (4), a mean over the prior's points", of = "points",
  computed = ([[
E L(x; theta + delta, p) - E L(x; theta, p-hat) in standard errors, p = N(0, I), one delta,
%d x each, %s]]):format(args.draws, on.where),
  printed = "with x ~ p on the left and x ~ p-hat on the right, as (4) has it",
  right = "with x ~ p on both sides",
  tolerance = 4, show = true,
  check = function(points)
    local delta = on.symmetric[1]
    local mu, precision = right.mean(model, delta), theory.precision(model, delta)
    local function log_hat(at) return theory.log_normal(at, mu, precision) end
    local left = theory.loss(model, on.theta + delta, on.standard, on.log_standard)
    local hat = theory.loss(model, on.theta, points(model, delta, on.standard), log_hat)
    local off, off_error = mean(left - hat)
    return math.abs(off) / math.max(off_error, 1e-12), ("means %.4g and %.4g, difference %.3g +- %.2g"):format(
      left:mean():item(), hat:mean():item(), off, 1.96 * off_error)
  end,
}

-- ---- Corollary 1 ----------------------------------------------------------------------------------------------------

claim {
  "Corollary 1, the mean: (13), (S17) against the proof (S23); with its Sigma and the C of (S22)", of = "mean",
  computed = ("largest |log(e^-I N(x; 0, I)) - log N(x; mu, Sigma)|, %d delta, %d x each, %s"):format(
    args.perturbations, #x, on.where),
  printed = "mu = Sigma delta_u / m",
  right = "mu = -Sigma delta_u / m",
  tolerance = 1e-10,
  check = function(mu)
    return largest(args.perturbations, function(i)
      local delta = on.symmetric[i]
      local tilted = on.log_standard(x) - right.exponent(model, delta, x) - theory.constant(model, delta)
      local normal = theory.log_normal(x, mu(model, delta), theory.precision(model, delta))
      local off, at = worst((tilted - normal):abs())
      return off, ("at x = %s the logarithms are %.4g and %.4g"):format(
        vector(x[at]), tilted[at]:item(), normal[at]:item())
    end)
  end,
}
claim {
  "Corollary 1, the mean by Monte-Carlo, which knows nothing of Sigma and C", of = "mean",
  computed = ("E[x e^-I] / E[e^-I] over %d x ~ N(0, I), one small delta, in standard errors from mu; %s"):format(
    args.draws, on.where),
  printed = "mu = Sigma delta_u / m",
  right = "mu = -Sigma delta_u / m",
  tolerance = 4, show = true,
  check = function(mu)
    local delta = on.symmetric[1] * 0.1
    local weight = (-right.exponent(model, delta, on.standard)):exp():unsqueeze(2)
    weight = weight / weight:mean()
    local found = (weight * on.standard):mean(1)
    local errors = (weight * (on.standard - found)):std(1) / math.sqrt(args.draws)
    local off = worst((found - mu(model, delta)):abs() / errors)
    return off, ("estimate %s +- %s, mu = %s"):format(vector(found), vector(1.96 * errors), vector(mu(model, delta)))
  end,
}
