// WeChat's APIs with Senparc.Weixin.MP 16: the gateway as its host, a stand-in as its token. .NET 8 or later.
//   dotnet add package Senparc.Weixin.MP; dotnet add package Senparc.Weixin.AspNet
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... dotnet run -- APPID OPENID
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Senparc.CO2NET;
using Senparc.CO2NET.HttpUtility;
using Senparc.Weixin.AspNet;
using Senparc.Weixin.MP.AdvancedAPIs;
using Senparc.Weixin.RegisterServices;

var builder = WebApplication.CreateBuilder();
builder.Services.AddMemoryCache();
builder.Services.AddSenparcWeixin(builder.Configuration);
// The SDK reads the gateway's refusal of a POST as a success: it has no errcode.
builder.Services.AddHttpClient<SenparcHttpClient>().AddHttpMessageHandler(() => new RefusalHandler());
var app = builder.Build();
app.UseSenparcWeixin(app.Environment, null, null, _ => { }, (_, _) => { });

var standIn = new StandIn(args[0]);
// For the whole process, and so for one account.
Senparc.Weixin.Config.ApiMpHost = Senparc.Weixin.Config.ApiMpFileHost = standIn.Host;
// A token, because it is longer than an appid: it is handed to each call, and nothing is registered.
Console.WriteLine((await UserApi.InfoAsync(await standIn.GetAsync(), args[1])).openid);

/// <summary>It lasts two hours at most.</summary>
public sealed class StandIn(string appid)
{
    // Replaced before its end, so that no call under way meets it.
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(10);
    private static readonly string Gateway = Environment.GetEnvironmentVariable("GATEWAY")!;
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly SemaphoreSlim turn = new(1);
    private (string Token, DateTimeOffset ExpiresAt) kept;

    /// <summary>Where the SDK finds WeChat, instead of at https://api.weixin.qq.com.</summary>
    public string Host => $"{Gateway}/api/{appid}";

    /// <summary>The same one until ten minutes before its end.</summary>
    public async Task<string> GetAsync()
    {
        await turn.WaitAsync();
        try
        {
            if (DateTimeOffset.UtcNow + RenewBefore < kept.ExpiresAt) return kept.Token;
            var request = new HttpRequestMessage(HttpMethod.Get, $"{Gateway}/proxy_token/{appid}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("GATEWAY_KEY"));
            using var response = await Client.SendAsync(request);
            RefusalHandler.ThrowIfRefused(response);
            var answer = await response.Content.ReadFromJsonAsync<Answer>() ?? throw new HttpRequestException("an empty answer");
            kept = (answer.token, DateTimeOffset.UtcNow.AddSeconds(answer.expires_in));
            return kept.Token;
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed record Answer(string token, int expires_in);
}

/// <summary>The gateway's own refusals are no answers of WeChat's: docs/errors.md says what each code asks of you.</summary>
public sealed class RefusalHandler : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var response = await base.SendAsync(request, cancel);
        ThrowIfRefused(response);
        return response;
    }

    public static void ThrowIfRefused(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("x-gateway-error", out var codes)) return;
        throw new HttpRequestException(codes.First(), null, response.StatusCode);
    }
}
