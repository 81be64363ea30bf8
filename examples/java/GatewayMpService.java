// WeChat's APIs with WxJava 4 (com.github.binarywang:weixin-java-mp): the gateway as its host, a stand-in as its token.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... java -cp 'classes:lib/*' GatewayMpService APPID OPENID
import java.io.IOException;
import me.chanjar.weixin.common.error.WxErrorException;
import me.chanjar.weixin.mp.api.impl.WxMpServiceImpl;
import me.chanjar.weixin.mp.config.WxMpHostConfig;
import me.chanjar.weixin.mp.config.impl.WxMpDefaultConfigImpl;

public final class GatewayMpService extends WxMpServiceImpl {
    private final StandIn standIn;

    public GatewayMpService(String appid) {
        standIn = new StandIn(appid);
        WxMpDefaultConfigImpl config = new WxMpDefaultConfigImpl();
        config.setAppId(appid);
        config.setHostConfig(WxMpHostConfig.builder().apiHost(StandIn.hostOf(appid)).build());
        setWxMpConfigStorage(config);
        // It would repeat what WeChat answers -1 to, five times, also what has effects.
        setMaxRetryTimes(0);
    }

    /** `forceRefresh`, after a 40001, changes nothing: the gateway has replaced the token by then. */
    @Override
    public String getAccessToken(boolean forceRefresh) throws WxErrorException {
        try {
            return standIn.get();
        } catch (IOException error) {
            throw new WxErrorException(error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new WxErrorException(error);
        }
    }

    public static void main(String[] arguments) throws WxErrorException {
        System.out.println(new GatewayMpService(arguments[0]).getUserService().userInfo(arguments[1]));
    }
}
