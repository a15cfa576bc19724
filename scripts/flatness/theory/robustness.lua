-- Definitions 1 and 2, Proposition 1 and Theorem 2: flat minima, and what they are robust against.
local basin = require "basin"
local theory = require "theory.formulas"
local on = require "theory.setting"
local verdicts = require "theory.verdicts"
local args, printed, right = basin.args, theory.printed, theory.right
local claim, largest, worst, vector = verdicts.claim, verdicts.largest, verdicts.worst, verdicts.vector
local relu, x, d, m = on.relu, on.x, on.model.d, on.model.m

-- ---- flatness -------------------------------------------------------------------------------------------------------

-- The minimum theta* of the mean loss over 4096 points of N(0, I), whose score is -x: least squares.
local sample = theory.normal({ 4096, d }, on.seed(7))
local phi = theory.features(relu, sample)
local second = phi:transpose(1, 2):matmul(phi) / #sample  -- E phi phi'
local minimum = second:solve(phi:transpose(1, 2):matmul(-sample) / #sample):transpose(1, 2) * m

claim {
  "Definition 1 and Remark 2: the mean loss at a minimum, within the ball ||delta|| <= Delta", of = "rise",
  computed = ([[
|largest rise - claimed| over %d random delta and the worst, Delta = %.3g, at the minimum and at a random
theta, mean of delta and -delta; ReLU, %d x ~ N(0, I), %s]]):format(args.perturbations, on.half, #sample, on.where),
  printed = "stays l*, for some Delta > 0 that depends on theta",
  right = "rises by (Delta / m)^2 times the sum of the d largest eigenvalues of E phi phi', whatever theta is",
  tolerance = 1e-9,
  check = function(rise)
    local function loss(theta) return theory.loss(relu, theta, sample, on.log_standard):mean():item() end
    return largest(2, function(k)
      local theta = k == 1 and minimum or on.theta
      local base = loss(theta)
      local most = largest(args.perturbations + 1, function(i)
        local delta = printed.perturbation(relu, on.seed(200 + i))
        if i > args.perturbations then  -- the worst: its rows are the first d eigenvectors
          local _, vectors = second:eigh()
          delta = vectors[{ {}, { -d, -1 } }]:transpose(1, 2)
        end
        delta = delta * (on.half / theory.norm(delta))
        return (loss(theta + delta) + loss(theta - delta)) / 2 - base
      end)
      return math.abs(most - rise(relu, on.half, second)), ("a loss of %.4g rises by %.4g"):format(base, most)
    end)
  end,
}
claim {
  "Proposition 1 (15), (S25): L(x; theta*, p-hat) at that minimum, for p-hat in P-hat(Delta)", of = "robust",
  computed = ("largest excess over what is claimed, Delta = %.3g, %d delta, %d x each, %s"):format(
    on.half, args.perturbations, #x, on.where),
  printed = "is l* for every p-hat; and above l* for one of the same set (16), (S26)",
  right = "is at most (sqrt(l*) + Delta |phi(x)| / m)^2",
  tolerance = 1e-9,
  check = function(robust)
    local l = theory.loss(relu, minimum, x, on.log_standard)
    local bound = robust(relu, on.half, l, theory.features(relu, x))
    return largest(args.perturbations, function(i)
      local _, exponent = right.tilt(relu, on.seed(100 + i), on.half)
      local hat = theory.loss(relu, minimum, x, function(at) return on.log_standard(at) - exponent(at) end)
      local over, at = worst(hat - bound)
      return over, ("at x = %s, l* = %.4g and L(x; theta*, p-hat) = %.4g"):format(
        vector(x[at]), l[at]:item(), hat[at]:item())
    end)
  end,
}

-- ---- robustness -----------------------------------------------------------------------------------------------------

local line = basin.linspace(-12, 12, 48001, "float64")
local density = (-(line ^ 2) / 2):exp()
density = density / density:sum()  -- p = N(0, 1) by quadrature

claim {
  "Definition 2: the loss of theta* with s = grad log p, where D(p || p-hat) is small", of = "nearby",
  computed = "largest E_p L(x; theta*, p-hat) / D(p || p-hat), d = 1, p = N(0, 1), by quadrature",
  printed = "stays near l* = 0 for every p-hat with D <= E, for some E > 0",
  right = "does for every p-hat of P-hat with sigma_d <= 2: E_p L(x; theta*, p-hat) <= 2 / (1 - log 2) D",
  tolerance = 2 / (1 - math.log(2)) * (1 + 1e-6),
  check = function(nearby)
    local list = nearby()
    return largest(#list, function(i)
      local name, tilt = table.unpack(list[i])
      local at = line:require_gradient()
      local value = tilt(at)  -- log p - log p-hat + constant
      local loss = (density * value:gradient(at) ^ 2):sum():item()
      local divergence = (density * value):sum():item() + math.log((density * (-value):exp()):sum():item())
      return loss / divergence, ("%s has D = %.3g and E_p L = %.3g"):format(name, divergence, loss)
    end)
  end,
}
claim {
  "Theorem 2 (17), (S27): the E up to which flatness in the ball covers the p-hat of the family", of = "guaranteed",
  computed = [[
how many of 98 delta with Delta < |delta| < 1, which flatness says nothing about, have
D(p || p-hat) <= E; d = m = 1, W = U'e = 1, Delta = 1/2]],
  printed = "E = max D over the ball",
  right = "E = min D over ||delta|| = Delta (D grows along every ray)",
  tolerance = 0,
  check = function(guaranteed)
    local small = theory.small_model(1, 1)
    local function divergence(delta) return theory.divergence(small, basin.tensor({ { delta } }, "float64")) end
    local E, outside, note = guaranteed { divergence(-0.5), divergence(0.5) }, 0, nil
    for i = 1, 49 do
      for _, delta in ipairs { -0.5 - i / 100, 0.5 + i / 100 } do
        if divergence(delta) <= E then
          outside, note = outside + 1, ("delta = %g has D = %.3g, and E = %.3g"):format(delta, divergence(delta), E)
        end
      end
    end
    return outside, note
  end,
}
