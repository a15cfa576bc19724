-- Corollary 2: the divergence in closed form, and its bounds.
local basin = require "basin"
local theory = require "theory.formulas"
local on = require "theory.setting"
local verdicts = require "theory.verdicts"
local args, printed, right = basin.args, theory.printed, theory.right
local claim, largest, vector, mean = verdicts.claim, verdicts.largest, verdicts.vector, verdicts.mean
local model = on.model

claim {
  "Corollary 2, the divergence (S31)", of = "divergence",
  computed = ("against E[I] over %d x ~ N(0, I), largest of %d delta in standard errors, %s"):format(
    args.draws, args.perturbations, on.where),
  printed = "D(p || p-hat) = (log|Sigma| - d + tr Sigma^-1 + mu' Sigma^-1 mu) / 2",
  tolerance = 4, show = true,
  check = function(divergence)
    return largest(args.perturbations, function(i)
      local delta = on.symmetric[i]
      local found, error = mean(right.exponent(model, delta, on.standard) + theory.constant(model, delta))
      local D = divergence(model, delta)
      return math.abs(found - D) / error, ("estimate %.4g +- %.2g, D = %.4g"):format(found, 1.96 * error, D)
    end)
  end,
}
claim {
  "Corollary 2, the bound (18), (S33) on mu' Sigma^-1 mu, delta by delta", of = "factor",
  computed = ([[
largest ratio to the bound with Delta = ||delta||: d = m = 1, W = U'e = 1, delta = -1/2, and %d delta
with %s]]):format(args.perturbations, on.where),
  printed = "sigma_d / m^2 ||U'e||^2 Delta^2",
  right = "1 / (m^2 sigma_1) ||U'e||^2 Delta^2",
  tolerance = 1 + 1e-9,
  check = function(factor)
    return largest(args.perturbations + 1, function(i)
      local of, delta = model, on.symmetric[i - 1]
      if i == 1 then of, delta = theory.small_model(1, 1), basin.tensor({ { -0.5 } }, "float64") end
      local sigma, shift = theory.eigenvalues(of, delta), theory.shift(of, delta)
      local bound = factor(of.m, sigma) * (of.a:norm():item() * theory.norm(delta)) ^ 2
      return shift / bound, ("d = %d, sigma = %s: mu' Sigma^-1 mu = %.4g, bound %.4g"):format(
        of.d, vector(sigma), shift, bound)
    end)
  end,
}
claim {
  "Corollary 2, the remark after (S33): where mu is the eigenvector of sigma_d", of = "aligned",
  computed = ("largest |mu' Sigma^-1 mu / claimed - 1| over %d delta made so, %s"):format(args.perturbations, on.where),
  printed = "mu' Sigma^-1 mu = sigma_d / m^2 |delta_u|^2",
  right = "mu' Sigma^-1 mu = 1 / (m^2 sigma_d) |delta_u|^2",
  tolerance = 1e-9,
  check = function(aligned)
    local free = model.a - model.W:pinverse():matmul(model.W:matmul(model.a))  -- W free = 0: moves delta_u alone
    return largest(args.perturbations, function(i)
      local delta = on.symmetric[i]
      local sigma, vectors = theory.precision(model, delta):eigh()
      local _, delta_u = theory.parts(model, delta)
      delta = delta + (vectors[{ {}, -1 }] - delta_u):unsqueeze(2) * free / (free * model.a):sum()  -- |delta_u| = 1
      local shift, claimed = theory.shift(model, delta), aligned(model.m, sigma)
      return math.abs(shift / claimed - 1), ("sigma_d = %.4g: %.4g, claimed %.4g"):format(
        sigma[-1]:item(), shift, claimed)
    end)
  end,
}

-- The largest divergence found on spheres ||delta|| = Delta, beside what bounds it.
local spheres = {}
for _, case in ipairs { { "d = m = 1, W = 1, U'e = 10", theory.small_model(1, 10) }, { on.where, model } } do
  local name, of = table.unpack(case)
  for _, k in ipairs { 0.25, 0.5, 0.75, 0.95 } do
    local radius = k * of.m / theory.norm(of.W)
    local deltas, most = { theory.widest(of, radius) }, 0
    for i = 1, args.perturbations do deltas[i + 1] = theory.perturbation(of, on.seed(100 + i), radius) end
    for _, delta in ipairs(deltas) do most = math.max(most, theory.divergence(of, delta)) end
    spheres[#spheres + 1] = { name = name, of = of, k = k, radius = radius, deltas = deltas, most = most }
  end
end
claim {
  "Corollary 2, the bound on D over the whole ball", of = "bound",
  computed = ("largest ratio of D to the bound: 4 Delta, %d delta each, d = m = 1 and %s"):format(
    args.perturbations + 1, on.where),
  printed = "(18), with the maximum over delta that its right side lacks",
  right = "(d (-k - log(1 - k)) + (||U'e|| Delta / m)^2 / (1 - k)) / 2, k = Delta ||W|| / m < 1",
  tolerance = 1 + 1e-9,
  check = function(bound)
    return largest(#spheres, function(i)
      local s = spheres[i]
      s[bound] = bound(s.of, s.radius, s.deltas)
      return s.most / s[bound], ("%s, Delta = %.3g: D = %.4g, bound %.4g"):format(s.name, s.radius, s.most, s[bound])
    end)
  end,
}
local rows = {}
for i, s in ipairs(spheres) do rows[i] = { s.name, s.k, s.most, s[printed.bound], s[right.bound] } end
local columns = { "model", "Delta ||W|| / m", "largest D found", "(18)", "instead" }
print("\n" .. basin.table { columns = columns, rows = rows })
