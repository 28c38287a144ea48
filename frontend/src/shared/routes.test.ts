import { describe, expect, test } from "vitest";
import { addressOf, routeOf } from "./routes.ts";

const PAGES = ["", "mirror"];

describe("addresses", () => {
  test.each([
    ["/app", { page: "", jobId: null }],
    ["/app/", { page: "", jobId: null }],
    ["/app/mirror", { page: "mirror", jobId: null }],
    ["/app/mirror/", { page: "mirror", jobId: null }],
    ["/app/tryons/job_1", { page: "", jobId: "job_1" }],
    ["/app/tryons/a%2Fb", { page: "", jobId: "a/b" }],
    ["/app/tryons/%E0%A4", { page: "", jobId: "%E0%A4" }],
  ])("%s names its page", (pathname, route) => {
    expect(routeOf(pathname, PAGES)).toEqual(route);
  });

  test.each(["/app/nowhere", "/app/tryons/", "/app/tryons/a/b", "/application/mirror", "/"])("%s leads to Studio", (pathname) => {
    expect(routeOf(pathname, PAGES)).toEqual({ page: "", jobId: null });
  });

  test.each([{ page: "mirror", jobId: null }, { page: "", jobId: "job_ü/1" }, { page: "", jobId: null }])(
    "%o survives being written and read",
    (route) => expect(routeOf(addressOf(route), PAGES)).toEqual(route),
  );
});
